use super::*;

#[test]
fn commands_are_filled_from_the_services_own_words() {
    let error = ServiceError {
        message: "Caller is not authorized.\r\nCaller: appid=A;oid=11-22;iss=https://sts.windows.net/T/\r\nAction: 'x'\r\n\
                  Resource: '/subscriptions/S/resourcegroups/RG/providers/microsoft.keyvault/vaults/my-vault/secrets/n'\r\n\
                  Client address: 203.0.113.9\r\nVault: my-vault;location=eastus\r\n"
            .into(),
        challenge: Challenge(r#"Bearer authorization="https://login.microsoftonline.com/T-1", resource="r""#.into()),
        ..Default::default()
    };
    assert_eq!(error.object_id(), Some("11-22"));
    assert_eq!(error.client_address(), Some("203.0.113.9"));
    let scope = "/subscriptions/S/resourcegroups/RG/providers/microsoft.keyvault/vaults/my-vault";
    assert_eq!(error.vault_scope().as_deref(), Some(scope));
    assert_eq!(error.tenant(), Some("T-1"));
}

#[test]
fn what_a_shell_would_act_upon_is_not_taken() {
    for evil in ["$(id)", "a b", "`id`", "x;id", "a'b", "--help", ""] {
        let message = format!("Client address: {evil}\r\nResource: '/subscriptions/{evil}/vaults/v'");
        let error = ServiceError { message, ..Default::default() };
        assert!(error.client_address().is_none_or(|it| it == "a"), "{evil}");
        if !["", "--help"].contains(&evil) {
            assert_eq!(error.vault_scope(), None, "{evil}");
        }
    }
}
