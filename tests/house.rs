//! The house: in which way its modules import each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The imports of each module, by path, such as `terminal::prompt`; tests left out.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// The sources below `root`, by their modules; the crate's root is the empty path.
fn modules(root: &Path) -> BTreeMap<String, String> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() { collect(&entry, files) } else { files.push(entry) }
        }
    }
    let mut files = Vec::new();
    collect(root, &mut files);
    let is_test = |file: &PathBuf| file.ends_with("tests.rs") || file.ends_with("schedules.rs");
    let module = |file: &Path| {
        let path = file.strip_prefix(root).unwrap().with_extension("");
        let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
        let parts = parts.into_iter().filter(|part| !["mod", "lib", "main"].contains(part));
        parts.collect::<Vec<_>>().join("::")
    };
    let source = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        text.split("\nmod tests {").next().unwrap().to_owned()
    };
    files.iter().filter(|file| !is_test(file)).map(|file| (module(file), source(file))).collect()
}

/// The paths that a source's `use` items name, one by one.
fn used(source: &str) -> Vec<String> {
    fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
        let Some((head, rest)) = tree.split_once('{') else {
            let path = tree.trim();
            if !path.is_empty() {
                paths.push(format!("{prefix}{path}"));
            }
            return;
        };
        let (mut depth, mut item) = (0, String::new());
        for c in rest[..rest.rfind('}').unwrap()].chars().chain([',']) {
            match c {
                ',' if depth == 0 => expand(&format!("{prefix}{}", head.trim()), &std::mem::take(&mut item), paths),
                '{' | '}' => {
                    depth += if c == '{' { 1 } else { -1 };
                    item.push(c);
                }
                c => item.push(c),
            }
        }
    }
    let mut paths = Vec::new();
    let starts = source.match_indices("use ").filter(|(at, _)| {
        let before = source[..*at].rsplit('\n').next().unwrap().trim();
        before.is_empty() || before.starts_with("pub")
    });
    // Texts have lines that begin with that word, too.
    let is_tree = |item: &&str| item.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_:{},*".contains(c));
    let item = |(at, _): (usize, _)| source[at + "use ".len()..].split(';').next();
    for item in starts.filter_map(item).filter(is_tree) {
        expand("", item, &mut paths);
    }
    paths
}

fn graph(root: &Path) -> Graph {
    let modules = modules(root);
    let imports = |(name, source): (&String, &String)| {
        let resolved = |path: &String| {
            let mut parts: Vec<_> = path.split("::").map(str::trim).collect();
            let mut here: Vec<_> = name.split("::").filter(|part| !part.is_empty()).collect();
            match *parts.first()? {
                "crate" => {
                    here.clear();
                    parts.remove(0);
                }
                "super" => {}
                child if modules.contains_key(&join(&here, child)) => {}
                _ => return None,
            }
            while parts.first() == Some(&"super") {
                parts.remove(0);
                here.pop();
            }
            for part in parts {
                if !modules.contains_key(&join(&here, part)) {
                    break;
                }
                here.push(part);
            }
            Some(here.join("::"))
        };
        let imports: BTreeSet<_> = used(source).iter().filter_map(resolved).filter(|it| it != name).collect();
        (name.clone(), imports)
    };
    modules.iter().map(imports).collect()
}

fn join(here: &[&str], part: &str) -> String {
    here.iter().chain([&part]).copied().collect::<Vec<_>>().join("::")
}

/// The modules that are left once all are taken away, again and again, whose imports are gone: those in circles, and
/// those that import them.
fn circles(mut graph: Graph) -> Graph {
    loop {
        let free: BTreeSet<_> = graph.iter().filter(|(_, it)| it.is_empty()).map(|(name, _)| name.clone()).collect();
        if free.is_empty() {
            return graph;
        }
        graph.retain(|name, _| !free.contains(name));
        for imports in graph.values_mut() {
            imports.retain(|import| !free.contains(import));
        }
    }
}

#[test]
fn no_modules_import_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (source, importer, imported) in [
        ("src", "session", "quickstart"),
        ("src", "terminal::prompt", "terminal::keyboard"),
        ("crates/azure_extras/src", "credential::source", "credential::options"),
    ] {
        let graph = graph(&root.join(source));
        // It does see them.
        assert!(graph[importer].contains(imported), "{graph:#?}");
        assert_eq!(circles(graph), Graph::new(), "{source}");
    }
}

#[test]
fn arrows_lead_one_way() {
    let graph = graph(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let top = |module: &str| module.split("::").next().unwrap().to_owned();
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("", &["cli", "panic", "report", "session", "settings", "terminal"][..]),
        ("panic", &["failure", "pipeline", "report", "terminal"]),
        ("cli", &["terminal"]),
        ("settings", &["cli", "failure", "terminal"]),
        ("session", &["failure", "guard", "pipeline", "quickstart", "settings", "terminal"]),
        ("quickstart", &["guard", "pipeline", "terminal"]),
        ("guard", &["failure", "pipeline", "terminal"]),
        ("pipeline", &["failure", "terminal"]),
        ("terminal", &["failure"]),
        ("report", &["failure", "terminal"]),
        ("failure", &[]),
    ]);
    for (module, imports) in &graph {
        let allowed = allowed.get(top(module).as_str()).unwrap_or_else(|| panic!("{module} has no arrows"));
        for import in imports.iter().map(|import| top(import)).filter(|import| *import != top(module)) {
            assert!(allowed.contains(&import.as_str()), "{module} imports {import}");
        }
    }
    assert!(allowed.keys().all(|name| graph.contains_key(*name)), "{graph:#?}");
}
