use super::*;

const GUID: &str = "6f89cf12-978b-4d23-ac18-9ef0c127cf87";

fn scope(group: &str) -> String {
    format!("/subscriptions/{GUID}/resourcegroups/{group}/providers/microsoft.keyvault/vaults/my-vault")
}

#[test]
fn commands_are_filled_from_what_is_what_it_should_be() {
    let scope = scope("my_group.1");
    let error = ServiceError {
        message: format!(
            "Caller is not authorized.\r\nCaller: appid=A;oid={GUID};iss=https://sts.windows.net/T/\r\nAction: 'x'\r\n\
             Resource: '{scope}/secrets/n'\r\nClient address: 203.0.113.9\r\nVault: my-vault;location=eastus\r\n"
        )
        .into(),
        challenge: Challenge(format!(
            r#"Bearer authorization="https://login.microsoftonline.com/{GUID}", resource="r""#
        )),
        ..Default::default()
    };
    assert_eq!(error.object_id(), Some(GUID));
    assert_eq!(error.client_address(), "203.0.113.9".parse().ok());
    assert_eq!(error.vault_scope("my-vault"), Some(scope));
    assert_eq!(error.vault_scope("other-vault"), None);
    assert_eq!(error.tenant(), Some(GUID));
}

#[test]
fn what_is_something_else_is_not_taken() {
    for evil in ["$(id)", "a b", "`id`", "x;id", "a'b", "--help", "", "11-22", "a/b", "1.2.3", "common"] {
        let texts = [
            format!("Client address: {evil}\r\nResource: '{}'\noid={evil};", scope(evil)),
            format!("Resource: '/subscriptions/{evil}/resourcegroups/g/providers/microsoft.keyvault/vaults/my-vault'"),
        ];
        for text in texts {
            let challenge = Challenge(format!(r#"Bearer authorization="https://h/{evil}", resource="r""#));
            let error = ServiceError { message: text.into(), challenge, ..Default::default() };
            assert_eq!((error.client_address(), error.object_id(), error.tenant()), (None, None, None), "{evil}");
            let taken = error.vault_scope("my-vault");
            // A group may have such a name.
            assert!(taken.is_none() || ["--help", "11-22", "1.2.3", "common"].contains(&evil), "{evil} {taken:?}");
        }
    }
}
