//! Commands in the words of the user's shell: PowerShell on Windows, and elsewhere one of POSIX's.

/// A family of shells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shell {
    /// `sh`, `bash`, `zsh` and the like.
    Posix,
    /// PowerShell.
    PowerShell,
}

impl Shell {
    /// The shell of this system.
    pub const HERE: Self = if cfg!(windows) { Self::PowerShell } else { Self::Posix };

    /// Sets an environment variable, for this shell and what it runs.
    pub fn set(self, name: &str, value: &str) -> String {
        match self {
            Self::Posix => format!("export {name}={value}"),
            Self::PowerShell => format!("$env:{name} = \"{value}\""),
        }
    }

    /// Takes an environment variable away.
    pub fn unset(self, name: &str) -> String {
        match self {
            Self::Posix => format!("unset {name}"),
            Self::PowerShell => format!("Remove-Item Env:{name}"),
        }
    }

    /// Shows the time.
    pub fn date(self) -> &'static str {
        match self {
            Self::Posix => "date",
            Self::PowerShell => "Get-Date",
        }
    }

    /// Makes a folder in the user's home, and what is in it, the user's own.
    pub(crate) fn own(self, folder: &str) -> String {
        match self {
            Self::Posix => format!("sudo chown -R \"$USER\" ~/{folder}"),
            Self::PowerShell => format!("icacls \"$HOME\\{folder}\" /grant \"${{env:USERNAME}}:F\" /T"),
        }
    }

    /// Writes a file in UTF-16 anew as UTF-8.
    pub fn to_utf8(self, from: &str, to: &str) -> String {
        match self {
            Self::Posix => format!("iconv -f UTF-16 -t UTF-8 {from} > {to}"),
            Self::PowerShell => format!("Get-Content -Raw {from} | Set-Content -NoNewline -Encoding utf8 {to}"),
        }
    }

    /// Sends two lines into a program.
    pub(crate) const fn two_lines(self) -> &'static str {
        match self {
            Self::Posix => r"printf 'my-secret\nmy value\n'",
            Self::PowerShell => "'my-secret', 'my value'",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_has_its_own_words() {
        assert_eq!(Shell::Posix.set("A", "b"), "export A=b");
        assert_eq!(Shell::PowerShell.set("A", "b"), "$env:A = \"b\"");
        assert_eq!(Shell::PowerShell.unset("A"), "Remove-Item Env:A");
        assert_eq!(Shell::PowerShell.own(".azure"), r#"icacls "$HOME\.azure" /grant "${env:USERNAME}:F" /T"#);
    }
}
