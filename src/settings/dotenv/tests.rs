use super::*;
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestCaseResult},
};
use std::{sync::mpsc, thread, time::Duration};

const LINE: &str = "The file .env cannot be read: the line of KEY_VAULT_NAME is not KEY_VAULT_NAME=value.";

/// The value of `KEY_VAULT_NAME` in `text`, or the error.
fn vault(text: impl AsRef<[u8]>) -> Result<Option<String>, String> {
    let mut dotenv = Dotenv::parse(text.as_ref()).map_err(|error| error.to_string())?;
    Ok(dotenv.taken.remove("KEY_VAULT_NAME"))
}

/// Works in a thread of its own, so that work that never ends fails the test rather than stopping it.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(Duration::from_secs(20)).expect("an end in time")
}

fn read(path: &Path) -> Result<Dotenv, InvalidDotenv> {
    let path = path.to_owned();
    in_time(move || Dotenv::read(&path))
}

fn is_empty(dotenv: &Dotenv) -> bool {
    dotenv.taken.is_empty() && dotenv.ignored.is_empty()
}

#[test]
fn quotes_and_comments_are_read_as_people_write_them() {
    for (text, expected) in [
        ("KEY_VAULT_NAME=mine", "mine"),
        ("KEY_VAULT_NAME=mine\n", "mine"),
        ("export KEY_VAULT_NAME=mine", "mine"),
        (" \texport \t KEY_VAULT_NAME=mine", "mine"),
        ("  KEY_VAULT_NAME \t= \t mine \t", "mine"),
        ("# mine\n\n \n#KEY_VAULT_NAME=no\nKEY_VAULT_NAME=mine", "mine"),
        ("KEY_VAULT_NAME=mine # a comment, 'it is \"one", "mine"),
        ("KEY_VAULT_NAME=mine\t#one # two", "mine"),
        ("KEY_VAULT_NAME=mi#ne # x", "mi#ne"),
        ("KEY_VAULT_NAME=#mine", "#mine"),
        ("KEY_VAULT_NAME= # no value", ""),
        ("KEY_VAULT_NAME=", ""),
        ("KEY_VAULT_NAME= \nX=1", ""),
        ("KEY_VAULT_NAME=\n'x'", ""),
        ("KEY_VAULT_NAME=''", ""),
        ("KEY_VAULT_NAME=\"\"", ""),
        ("KEY_VAULT_NAME=my vault", "my vault"),
        ("KEY_VAULT_NAME=a=b==", "a=b=="),
        ("KEY_VAULT_NAME=it's", "it's"),
        ("KEY_VAULT_NAME=a\"b\"'c'", "a\"b\"'c'"),
        ("KEY_VAULT_NAME=C:\\new\\\"dir\\$", "C:\\new\\\"dir\\$"),
        ("KEY_VAULT_NAME='mine'", "mine"),
        ("KEY_VAULT_NAME = 'mi\"ne' ", "mi\"ne"),
        ("KEY_VAULT_NAME='a\\nb\\\\c\\' # it's mine", "a\\nb\\\\c\\"),
        ("KEY_VAULT_NAME='a # b' # c", "a # b"),
        ("KEY_VAULT_NAME='mine'# c", "mine"),
        ("KEY_VAULT_NAME=\"mine\"#c", "mine"),
        ("KEY_VAULT_NAME=\" mi'ne \" \t# c", " mi'ne "),
        (r#"KEY_VAULT_NAME="a\nb\rc\td\"e\\f\$g""#, "a\nb\rc\td\"e\\f$g"),
        (r#"KEY_VAULT_NAME="C:\certificates\mine.pfx\\""#, "C:\\certificates\\mine.pfx\\"),
        (r#"KEY_VAULT_NAME="\\n\'\`\0\x""#, "\\n\\'\\`\\0\\x"),
        ("KEY_VAULT_NAME=mine\r\nX=1\r\n", "mine"),
        ("KEY_VAULT_NAME='mine'\r\nX=1\r\n", "mine"),
        ("KEY_VAULT_NAME=\r\nX=1\r\n", ""),
        ("\u{feff}KEY_VAULT_NAME=mine", "mine"),
        ("\u{200b}KEY_VAULT_NAME=mine", "mine"),
        ("\u{feff}export KEY_VAULT_NAME=mine", "mine"),
        ("X=1\n\u{feff}KEY_VAULT_NAME=mine", "mine"),
        ("KEY_VAULT_NAME=\u{fffd}ä\u{1f511}", "\u{fffd}ä\u{1f511}"),
        ("KEY_VAULT_NAME=one\nKEY_VAULT_NAME='two'\nKEY_VAULT_NAME=three", "three"),
        ("KEY_VAULT_NAME=one\nKEY_VAULT_NAME=\n", ""),
    ] {
        assert_eq!(vault(text), Ok(Some(expected.to_owned())), "{text:?}");
    }
}

#[test]
fn a_name_alone_takes_nothing() {
    for line in [
        "KEY_VAULT_NAME",
        "export KEY_VAULT_NAME",
        " export KEY_VAULT_NAME AZURE_CLIENT_ID ",
        "NO_COLOR\r",
        "KEY_VAULT_NAME # from the shell",
        "export KEY_VAULT_NAME;",
        "\u{feff}KEY_VAULT_NAME",
    ] {
        assert!(is_empty(&Dotenv::parse(line.as_bytes()).unwrap()), "{line}");
        let file = format!("{line}\nKEY_VAULT_NAME=mine\n{line}");
        assert_eq!(vault(&file), Ok(Some("mine".into())), "{line}");
    }
}

#[test]
fn a_broken_line_of_ours_is_an_error() {
    for text in [
        "KEY_VAULT_NAME s3cr3t",
        "$KEY_VAULT_NAME=s3cr3t",
        "export X KEY_VAULT_NAME=s3cr3t",
        "KEY_VAULT_NAME=\"s3cr3t\\\nb\"",
        "$env:KEY_VAULT_NAME = 's3cr3t'",
        "set KEY_VAULT_NAME=s3cr3t",
        "declare -x KEY_VAULT_NAME=s3cr3t",
        "- KEY_VAULT_NAME=s3cr3t",
        "\"KEY_VAULT_NAME\"=\"s3cr3t\"",
        "KEY_VAULT_NAME='s3cr3t\nX='",
        "KEY_VAULT_NAME=\"s3cr3t\nAZURE_CLIENT_ID=x\nX=\"",
        "KEY_VAULT_NAME: s3cr3t",
        "KEY_VAULT_NAME+=s3cr3t",
        "KEY_VAULT_NAME is x=s3cr3t",
        "KEY_VAULT_NAME s3cr3t",
        "KEY_VAULT_NAME\u{a0}s3cr3t",
        "KEY_VAULT_NAME='s3cr3t",
        "KEY_VAULT_NAME=\"s3cr3t",
        "KEY_VAULT_NAME=\"s3cr3t\\\"",
        "KEY_VAULT_NAME='",
        " export KEY_VAULT_NAME = 's3cr3t\nX=1\n",
        "KEY_VAULT_NAME='s3cr3t' x",
        "KEY_VAULT_NAME='s3cr3t'x",
        "KEY_VAULT_NAME=\"s3cr3t\"\"\"",
        "KEY_VAULT_NAME=\"s3cr3t\n\"; export X",
        "KEY_VAULT_NAME='s3cr3t\nX='x'\n",
        "KEY_VAULT_NAME=s3cr3t\0",
        "KEY_VAULT_NAME='s3cr3t\0'",
        "KEY_VAULT_NAME\0=s3cr3t",
        "KEY_VAULT_NAME=s3cr3t\nKEY_VAULT_NAME='s3cr3t\nKEY_VAULT_NAME=s3cr3t",
    ] {
        let error = Dotenv::parse(format!("AZURE_CLIENT_SECRET=s3cr3t\n{text}").as_bytes()).expect_err(text);
        assert_eq!(error.to_string(), LINE, "{text:?}");
        assert_eq!(format!("{error:?}"), "Line(\"KEY_VAULT_NAME\")", "{text:?}");
    }
    for bytes in ["KEY_VAULT_NAME=s3cr3t\u{e9}", "KEY_VAULT_NAME='\u{ff}'", "KEY_VAULT_NAME\u{e9}=x"] {
        let latin_1: Vec<u8> = bytes.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        assert_eq!(vault(&latin_1), Err(LINE.into()), "{bytes:?}");
    }
    assert_eq!(vault(b"KEY_VAULT_NAME=mine # caf\xe9"), Ok(Some("mine".into())), "a comment is no value");
    let first = Dotenv::parse(b"NO_COLOR='1\nKEY_VAULT_NAME x").unwrap_err();
    assert!(matches!(first, InvalidDotenv::Line("NO_COLOR")), "{first}");
}

#[test]
fn a_line_of_somebody_else_is_never_in_the_way() {
    for others in [
        "some text",
        "=",
        "= x",
        "='x",
        "X",
        "X='never closed",
        "X=\"never closed",
        "X=\"never closed\\\"",
        "export X='never closed",
        "X='it's'",
        "X=\"say \"hi\"\"",
        "X='never closed\nY='z'",
        "X=\"never closed\nY=\"\"",
        "X='closed' y",
        "X=`never closed",
        "X=don't",
        "X=1 # don't",
        "# X='never closed",
        "  # it is \"X = \"y",
        "X # = 'y",
        "X='never closed # '' x",
        "X\0='\0",
        "X={\"a\": \"b",
        "X=[",
        "if [ \"$X\" = \"y\" ]; then",
        "set X=\"",
        "KEY_VAULT_NAME_OLD='x",
        "KEY_VAULT_NAMES",
        "KEY_VAULT_NAME2",
        "KEY_VAULT_NAME-OLD=x",
        "KEY_VAULT_NAME.OLD: x",
        "KEY_VAULT_NAMEÄ=x",
        "MY_KEY_VAULT_NAME='x",
        "exportKEY_VAULT_NAME=x",
        "X={\n  \"KEY_VAULT_NAME\": \"abc\",\n}",
        "CMD=docker run \\\n  -e KEY_VAULT_NAME \\\n  img",
        "echo \"vault $KEY_VAULT_NAME\"",
        "unset KEY_VAULT_NAME",
        "if [ -z \"$KEY_VAULT_NAME\" ]; then",
        "----- KEY_VAULT_NAME -----",
        "-- KEY_VAULT_NAME=x",
        "REM KEY_VAULT_NAME=x",
        "// KEY_VAULT_NAME=x",
        "; KEY_VAULT_NAME='x",
        "AzureAd:KEY_VAULT_NAME=x",
        "X[KEY_VAULT_NAME]=y",
        "#KEY_VAULT_NAME",
        "-----BEGIN PRIVATE KEY-----\nMIIE'\"=\n-----END PRIVATE KEY-----",
    ] {
        for end in ["\n", "\r\n", "\r"] {
            let after = format!("{}{end}KEY_VAULT_NAME=mine{end}Z=1", others.replace('\n', end));
            assert_eq!(vault(&after), Ok(Some("mine".into())), "{after:?}");
            let before = format!("KEY_VAULT_NAME=mine{end}{}", others.replace('\n', end));
            assert_eq!(vault(&before), Ok(Some("mine".into())), "{before:?}");
        }
    }
    // Our own quote does not close theirs, and a comment opens none.
    for text in [
        "X='never closed\nKEY_VAULT_NAME='mine'",
        "X=\"never closed\nY='\nKEY_VAULT_NAME = \"mine\" # c",
        "# X=\"a comment\nKEY_VAULT_NAME=mine\nY=z\"",
        "X # = 'a comment\nKEY_VAULT_NAME=mine\nY=z'",
    ] {
        assert_eq!(vault(text), Ok(Some("mine".into())), "{text:?}");
    }
    assert_eq!(vault(b"\xff\x00\x80='\xff\n\x80\xc3(\nKEY_VAULT_NAME=mine\n\xf0\x9f"), Ok(Some("mine".into())));
}

#[test]
fn no_setting_is_read_from_within_a_value_or_under_another_name() {
    for text in [
        "KEY=\"-----BEGIN\nKEY_VAULT_NAME=evil\n-----END\"",
        "export KEY = '-----BEGIN\nKEY_VAULT_NAME=evil\n-----END' # comment",
        "KEY=\"\nKEY_VAULT_NAME=evil\\\"\nKEY_VAULT_NAME\n\"",
        "KEY=\"\r\nKEY_VAULT_NAME='evil\r\n\"\r\n",
        "HTTPS_PROXY='\nKEY_VAULT_NAME=evil'",
        "export = '\nKEY_VAULT_NAME=evil'",
        "declare -x KEY=\"\nKEY_VAULT_NAME=evil\"",
        "key_vault_name=x\nKey_Vault_Name=x",
        "# KEY_VAULT_NAME=x",
        "X=1 # KEY_VAULT_NAME=x",
        "X=1 KEY_VAULT_NAME=x",
        "",
        "\n",
        "\u{feff}",
    ] {
        assert_eq!(vault(text), Ok(None), "{text:?}");
        assert_eq!(vault(format!("{text}\nKEY_VAULT_NAME=mine")), Ok(Some("mine".into())), "{text:?}");
    }
}

#[test]
fn every_variable_of_the_list_is_taken_and_no_other() {
    let lines: Vec<_> = TAKEN.iter().chain(&NOT_TAKEN).chain(&["X"]).map(|name| format!("{name}=of {name}")).collect();
    let dotenv = Dotenv::parse(lines.join("\n").as_bytes()).unwrap();
    assert!(dotenv.taken.keys().eq(BTreeSet::from(TAKEN).iter()), "{dotenv:?}");
    assert!(dotenv.taken.iter().all(|(name, value)| *value == format!("of {name}")));
    assert_eq!(dotenv.ignored, NOT_TAKEN);
}

#[test]
fn the_variables_that_are_read_elsewhere_are_named_once_and_in_order() {
    let text = "SSL_CERT_FILE=a\nexport https_proxy = 'b'\nFOO=x\nHTTPS_PROXY=\"never closed\nSSL_CERT_FILE='c'd\n\
                PATH\nexport TERM\nhttps_proxy=\nNO_PROXY_=x\n# ALL_PROXY=x\nX='\nIDENTITY_ENDPOINT=x\n'\nPath=x\n";
    let dotenv = Dotenv::parse(text.as_bytes()).unwrap();
    assert_eq!(dotenv.ignored, ["SSL_CERT_FILE", "https_proxy", "Path"]);
    assert!(dotenv.taken.is_empty());
}

#[test]
fn debug_shows_names_and_no_values() {
    let text = "AZURE_CLIENT_SECRET=s3cr3t\nHTTPS_PROXY=s3cr3t\nKEY_VAULT_NAME='s3cr3t'\nX=s3cr3t";
    let shown = format!("{:?}", Dotenv::parse(text.as_bytes()).unwrap());
    assert_eq!(shown, r#"Dotenv { taken: ["AZURE_CLIENT_SECRET", "KEY_VAULT_NAME"], ignored: ["HTTPS_PROXY"] }"#);
}

#[test]
fn utf_16_is_told() {
    for bytes in [&b"\xff\xfeK\0"[..], b"\xfe\xff\0K", b"\xff\xfe"] {
        assert_eq!(vault(bytes), Err("The file .env is in UTF-16.".into()));
    }
    // Without a mark, or only in a part of the file.
    let line = "AZURE_CLIENT_SECRET=s3cr3t\r\n";
    let little: Vec<u8> = line.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = line.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [little.clone(), big, [b"KEY_VAULT_NAME=mine\n".to_vec(), little].concat()] {
        assert_eq!(vault(&bytes), Err("A part of the file .env is in UTF-16.".into()));
    }
}

#[test]
fn a_file_is_read_and_one_that_is_missing_is_empty() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(".env");
    assert!(is_empty(&read(&path).unwrap()));
    fs::write(&path, "KEY_VAULT_NAME=mine\nPATH=x\n").unwrap();
    let dotenv = read(&path).unwrap();
    assert_eq!((dotenv.taken["KEY_VAULT_NAME"].as_str(), dotenv.ignored), ("mine", vec!["PATH".to_owned()]));
    assert!(is_empty(&read(&path.join("below-a-file")).unwrap()));
    fs::write(&path, "").unwrap();
    assert!(is_empty(&read(&path).unwrap()));
}

#[test]
fn a_directory_is_no_settings_file() {
    let directory = tempfile::tempdir().unwrap();
    assert!(is_empty(&read(directory.path()).unwrap()));
}

#[test]
fn a_large_file_is_refused_before_it_fills_the_memory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(".env");
    let mut bytes = b"KEY_VAULT_NAME=mine\n#".to_vec();
    bytes.resize(1 << 20, b'x');
    fs::write(&path, &bytes).unwrap();
    assert_eq!(read(&path).unwrap().taken["KEY_VAULT_NAME"], "mine");
    bytes.push(b'x');
    fs::write(&path, &bytes).unwrap();
    assert_eq!(read(&path).unwrap_err().to_string(), "The file .env is larger than 1 MB.");
    // A sparse file, which takes no room on the disk.
    File::create(&path).unwrap().set_len(1 << 36).unwrap();
    assert!(matches!(read(&path), Err(InvalidDotenv::TooLarge)));
    assert_eq!(contents(File::open(&path).unwrap()).unwrap().len(), (1 << 20) + 1);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::{
        os::unix::{fs::symlink, net::UnixListener},
        time::Instant,
    };

    fn fifo(path: &Path) {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn a_fifo_a_socket_or_a_device_is_no_settings_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name| directory.path().join(name);
        fifo(&path("fifo"));
        let _listener = UnixListener::bind(path("socket")).unwrap();
        symlink("/dev/zero", path("zero")).unwrap();
        symlink("/dev/tty", path("terminal")).unwrap();
        symlink("fifo", path("to-fifo")).unwrap();
        symlink(".", path("to-directory")).unwrap();
        for name in ["fifo", "socket", "zero", "terminal", "to-fifo", "to-directory"] {
            assert!(is_empty(&read(&path(name)).unwrap()), "{name}");
        }
    }

    #[test]
    fn a_link_is_followed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        symlink("target", &path).unwrap();
        assert!(is_empty(&read(&path).unwrap()), "to nothing");
        fs::write(directory.path().join("target"), "KEY_VAULT_NAME=mine").unwrap();
        assert_eq!(read(&path).unwrap().taken["KEY_VAULT_NAME"], "mine");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        symlink(".env", &path).unwrap();
        let error = read(&path).unwrap_err();
        assert!(matches!(error, InvalidDotenv::Unreadable(_)));
        assert!(error.to_string().starts_with("The file .env cannot be read: Too many levels"), "{error}");
        assert!(error.to_string().ends_with(")."), "{error}");
    }

    /// The second check: the first one saw a regular file, and something else has come to its place.
    #[test]
    fn a_file_that_is_exchanged_while_it_is_opened_does_no_harm() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fifo");
        fifo(&path);
        let mut options = File::options();
        // With a writer, opening a FIFO waits for nobody.
        let fifo = options.read(true).write(true).open(&path).unwrap();
        for file in [fifo, File::open("/dev/zero").unwrap(), File::open(directory.path()).unwrap()] {
            assert_eq!(in_time(move || contents(file)).unwrap_err().kind(), ErrorKind::NotFound);
        }

        let (regular, exchanged) = (directory.path().join("regular"), directory.path().join(".env"));
        fs::write(&regular, "KEY_VAULT_NAME=mine").unwrap();
        let end = Instant::now() + Duration::from_millis(500);
        let exchange = thread::spawn({
            let (exchanged, link) = (exchanged.clone(), directory.path().join("link"));
            move || {
                while Instant::now() < end {
                    for target in [&path, &regular] {
                        symlink(target, &link).unwrap();
                        fs::rename(&link, &exchanged).unwrap();
                    }
                }
            }
        });
        while Instant::now() < end {
            let dotenv = read(&exchanged).unwrap();
            assert!(is_empty(&dotenv) || dotenv.taken["KEY_VAULT_NAME"] == "mine");
        }
        exchange.join().unwrap();
    }
}

/// Each line opens a quote, spells a name anew, or is long: what takes a time that grows with the square of the file's
/// size does not end in time.
#[test]
fn no_file_takes_long() {
    const SIZE: usize = 1 << 18;
    let spelled = |bits: usize| {
        let lower = |(at, c): (usize, char)| if bits >> at & 1 == 1 { c.to_ascii_lowercase() } else { c };
        "IDENTITY_HEADER=\n".chars().enumerate().map(lower).collect::<String>()
    };
    let files = [
        "\n".repeat(SIZE),
        "=".repeat(SIZE),
        "#".repeat(SIZE),
        " #".repeat(SIZE / 2),
        format!("X={}", " ".repeat(SIZE)),
        format!("KEY_VAULT_NAME={}", "#".repeat(SIZE)),
        "X='\n".repeat(SIZE / 4),
        "X=\"\n".repeat(SIZE / 4),
        "X=\"\\\n".repeat(SIZE / 5),
        "X=\"'\nY='\"\n".repeat(SIZE / 10),
        "X=\"\\\nX='\n".repeat(SIZE / 9),
        format!("X=\"{}", "\\\"".repeat(SIZE / 2)),
        (0..1 << 15).map(spelled).collect(),
    ];
    for text in files {
        in_time(move || Dotenv::parse(text.as_bytes())).unwrap();
    }
}

/// A style in which a value is written.
#[derive(Clone, Copy, Debug)]
enum Style {
    Plain,
    Single,
    Double,
}

/// Whatever stands around a name and its value.
#[derive(Clone, Debug)]
struct Around {
    before_name: &'static str,
    before_equals: &'static str,
    after_equals: &'static str,
    after_value: &'static str,
    comment: Option<String>,
}

/// A part of a `.env`.
#[derive(Clone, Debug)]
enum Part {
    Ours {
        name: &'static str,
        value: String,
        style: Style,
        bare: bool,
        around: Around,
    },
    Ignored {
        name: &'static str,
        value: &'static str,
    },
    /// Something of others that ends where it seems to end.
    Others(Vec<u8>),
    /// A quote of others that is never closed, or stands in a comment, and the value of ours in the next line.
    Unclosed {
        quote: char,
        in_comment: bool,
        text: String,
        name: &'static str,
        value: String,
    },
}

/// Writes the value, or returns `None` if the style cannot hold it.
fn written(value: &str, style: Style, bare: bool) -> Option<String> {
    match style {
        Style::Plain => {
            let comment = value.chars().zip(value.chars().skip(1)).any(|(a, b)| a.is_whitespace() && b == '#');
            let fits = !comment
                && !value.contains(['\n', '\r'])
                && value.trim() == value
                && !value.starts_with(['#', '\'', '"']);
            fits.then(|| value.to_owned())
        }
        Style::Single => (!value.contains(['\'', '\r'])).then(|| format!("'{value}'")),
        Style::Double => {
            let mut text = String::from('"');
            let mut chars = value.chars().peekable();
            while let Some(c) = chars.next() {
                let harmless = chars.peek().is_some_and(|next| !"nrt\"\\$\n\r\t".contains(*next));
                match c {
                    '\n' if !bare => text += "\\n",
                    '\t' if !bare => text += "\\t",
                    '$' if !bare => text += "\\$",
                    '\r' => text += "\\r",
                    '"' => text += "\\\"",
                    '\\' if !bare || !harmless => text += "\\\\",
                    c => text.push(c),
                }
            }
            Some(text + "\"")
        }
    }
}

fn any_value() -> impl Strategy<Value = String> {
    let special = select(vec![
        "${PATH}",
        "$HOME",
        "${KEY_VAULT_NAME}",
        "$(id)",
        "`id`",
        "%PATH%",
        "\\",
        "\\n",
        "\\$",
        "\"",
        "'",
        "#",
        " #",
        " ",
        "\n",
        "\r",
        "\r\n",
        "\t",
        "=",
        "\u{feff}",
        "\u{a0}",
        "\u{fffd}",
        "KEY_VAULT_NAME=",
        "\nNO_COLOR=evil\n",
    ]);
    let character = any::<char>().prop_filter("no NUL", |c| *c != '\0').prop_map(String::from);
    let part = prop_oneof![special.prop_map(str::to_owned), "[a-zA-Z0-9]{1,4}", character];
    vec(part, 0..8).prop_map(|parts| parts.concat())
}

/// One line of any text, with quotes, with names of ours, but without a line end.
fn any_line() -> impl Strategy<Value = String> {
    any_value().prop_map(|text| text.replace(['\n', '\r'], ""))
}

prop_compose! {
    fn any_around()(
        before_name in select(vec!["", "", " ", "\t", "export ", " export\t "]),
        before_equals in select(vec!["", "", " ", " \t"]),
        after_equals in select(vec!["", "", " ", "\t "]),
        after_value in select(vec!["", "", " ", "\t "]),
        comment in proptest::option::of(any_line()),
    ) -> Around {
        Around { before_name, before_equals, after_equals, after_value, comment }
    }
}

fn other_name() -> impl Strategy<Value = String> {
    let near =
        TAKEN.map(|name| [format!("{name}_OLD"), format!("MY_{name}"), format!("{name}-2"), name.to_lowercase()]);
    prop_oneof!["X[A-Z_.]{0,5}", select(near.concat())]
}

fn others() -> impl Strategy<Value = Vec<u8>> {
    let invalid = vec(any::<u8>().prop_filter("one line, no quotes", |b| !b"\n'\"".contains(b)), 0..20);
    prop_oneof![
        any_line().prop_map(|text| format!("# {text}").into_bytes()),
        other_name().prop_map(String::into_bytes),
        (other_name(), "[^\n'\"][^\n]{0,20}").prop_map(|(name, value)| format!("{name}=v{value}").into_bytes()),
        // One value, whatever its lines look like.
        (other_name(), any_value(), any_around()).prop_map(|(name, value, around)| {
            let value = format!("'{}'", value.replace('\'', "\nKEY_VAULT_NAME=evil\n"));
            assigned(&name, &value, true, &around).into_bytes()
        }),
        (other_name(), any_value(), any_around()).prop_map(|(name, value, around)| {
            let value = written(&value, Style::Double, true).unwrap();
            assigned(&name, &value, true, &around).into_bytes()
        }),
        // Broken after its closing quote.
        (other_name(), select(vec!["'", "\""])).prop_map(|(name, q)| format!("{name}={q}a{q}b").into_bytes()),
        (other_name(), invalid).prop_map(|(name, bytes)| [name.as_bytes(), b"=", &bytes[..]].concat()),
    ]
}

fn any_part() -> impl Strategy<Value = Part> {
    let style = select(vec![Style::Plain, Style::Single, Style::Double]);
    prop_oneof![
        4 => (select(&TAKEN[..]), any_value(), style, any::<bool>(), any_around())
            .prop_map(|(name, value, style, bare, around)| Part::Ours { name, value, style, bare, around }),
        1 => (select(&NOT_TAKEN[..]), select(vec!["", "x", "'x'", "\"\nKEY_VAULT_NAME=evil\""]))
            .prop_map(|(name, value)| Part::Ignored { name, value }),
        3 => others().prop_map(Part::Others),
        1 => (select(vec!['\'', '"']), any::<bool>(), "[a-z #]{0,8}", select(&TAKEN[..]), "[a-z$]{0,8}")
            .prop_map(|(quote, in_comment, text, name, value)| Part::Unclosed { quote, in_comment, text, name, value }),
    ]
}

fn assigned(name: &str, value: &str, quoted: bool, around: &Around) -> String {
    let Around { before_name, before_equals, after_equals, after_value, comment } = around;
    let comment = comment.as_ref().map_or(String::new(), |text| format!("{}#{text}", if quoted { "" } else { " " }));
    format!("{before_name}{name}{before_equals}={after_equals}{value}{after_value}{comment}")
}

/// Writes the parts, and returns the file, the values that are in it, and the names that are ignored.
fn file(parts: &[Part], end: &str) -> (Vec<u8>, BTreeMap<&'static str, String>, Vec<String>) {
    let (mut bytes, mut taken, mut ignored) = (Vec::new(), BTreeMap::new(), Vec::<String>::new());
    for part in parts {
        match part {
            Part::Ours { name, value, style, bare, around } => {
                // A value of ours stands on one line.
                let (several, is_single) = (value.contains('\n'), matches!(style, Style::Single));
                let text = if several && is_single { None } else { written(value, *style, *bare && !several) };
                let (text, quoted) = match text {
                    Some(text) => (text, !matches!(style, Style::Plain)),
                    None => (written(value, Style::Double, *bare && !several).unwrap(), true),
                };
                bytes.extend(assigned(name, &text, quoted, around).bytes());
                taken.insert(*name, value.clone());
            }
            Part::Ignored { name, value } => {
                bytes.extend(format!("{name}={value}").bytes());
                if !ignored.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                    ignored.push((*name).to_owned());
                }
            }
            Part::Others(text) => bytes.extend(text),
            Part::Unclosed { quote, in_comment, text, name, value } => {
                // The last line keeps whatever follows from closing the quote. In a comment, it may be closed.
                let (before, after) = if *in_comment { ("# ", "") } else { ("", "x") };
                bytes.extend(format!("{before}X={quote}{text}{end}{name}={value}{end}Y=z{quote}{after}").bytes());
                taken.insert(*name, value.clone());
            }
        }
        bytes.extend(end.bytes());
    }
    (bytes, taken, ignored)
}

/// Every sentence and every `Debug` that a text may lead to.
fn known_errors() -> Vec<String> {
    let errors = TAKEN.into_iter().map(InvalidDotenv::Line).chain([InvalidDotenv::Utf16, InvalidDotenv::PartlyUtf16]);
    errors.flat_map(|error| [error.to_string(), format!("{error:?}")]).collect()
}

fn nothing_is_shown(bytes: &[u8]) -> TestCaseResult {
    match Dotenv::parse(bytes) {
        Ok(dotenv) => {
            let names = BTreeSet::from(TAKEN).into_iter().filter(|name| dotenv.taken.contains_key(name));
            let shown = names.map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
            prop_assert_eq!(
                format!("{dotenv:?}"),
                format!("Dotenv {{ taken: [{shown}], ignored: {:?} }}", &dotenv.ignored)
            );
            let known = |name: &String| NOT_TAKEN.contains(&name.to_uppercase().as_str());
            prop_assert!(dotenv.ignored.iter().all(known));
        }
        Err(error) => {
            prop_assert!(known_errors().contains(&error.to_string()), "{}", error);
            prop_assert!(known_errors().contains(&format!("{error:?}")), "{}", error);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(1000) })]

    #[test]
    fn what_is_written_is_read(parts in vec(any_part(), 0..8), end in select(vec!["\n", "\r\n", "\r"]), mark: bool, cut: bool) {
        let (mut bytes, taken, ignored) = file(&parts, end);
        if cut {
            bytes.truncate(bytes.len().saturating_sub(end.len()));
        }
        if mark {
            bytes.splice(0..0, "\u{feff}".bytes());
        }
        let dotenv = Dotenv::parse(&bytes).unwrap();
        prop_assert_eq!(dotenv.taken, taken, "{}", String::from_utf8_lossy(&bytes));
        prop_assert_eq!(dotenv.ignored, ignored, "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn nothing_is_substituted(
        name in select(vec!["PATH", "HOME", "AZURE_TENANT_ID", "KEY_VAULT_NAME", "X", "1", "@"]),
        form in select(vec!["${}", "${{}}", "${{}:-x}", "$({})", "`{}`", "%{}%", "$env:{}", "{{}}", "~", "\\`{}"]),
        before in "[a-z$]{0,3}",
        quote in select(vec!["", "'", "\""]),
    ) {
        let value = before + &form.replace("{}", name);
        let text = format!("X=s3cr3t\nAZURE_TENANT_ID=s3cr3t\nKEY_VAULT_NAME={quote}{value}{quote}\n");
        prop_assert_eq!(vault(text), Ok(Some(value)));
    }

    #[test]
    fn no_bytes_cause_a_panic_or_show_up_in_an_error(bytes in vec(any::<u8>(), 0..200)) {
        nothing_is_shown(&bytes)?;
    }

    #[test]
    fn no_text_causes_a_panic_or_shows_up_in_an_error(
        parts in vec(prop_oneof![
            select([&TAKEN[..], &NOT_TAKEN[..], &["export ", "=", "=", "\n", "\n", "'", "\"", "\\", "#", " ", "\r\n", "\0", "s3cr3t"][..]].concat())
                .prop_map(|text| text.as_bytes().to_vec()),
            vec(any::<u8>(), 1..4),
        ], 0..40),
    ) {
        nothing_is_shown(&parts.concat())?;
    }
}
