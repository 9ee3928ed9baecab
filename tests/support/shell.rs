//! The commands that the program is to print here, as the tests know them: PowerShell's on Windows, and elsewhere POSIX's.

pub fn set(name: &str, value: &str) -> String {
    if cfg!(windows) { format!("$env:{name} = \"{value}\"") } else { format!("export {name}={value}") }
}

pub fn unset(name: &str) -> String {
    if cfg!(windows) { format!("Remove-Item Env:{name}") } else { format!("unset {name}") }
}

pub fn date() -> &'static str {
    if cfg!(windows) { "Get-Date" } else { "date" }
}

pub fn to_utf8(from: &str, to: &str) -> String {
    if cfg!(windows) {
        format!("Get-Content -Raw {from} | Set-Content -NoNewline -Encoding utf8 {to}")
    } else {
        format!("iconv -f UTF-16 -t UTF-8 {from} > {to}")
    }
}
