//! Holds the files of every crate to their order: no file uses one that uses it, however far around, no file is longer
//! than 450 lines, and no function than 60.
//!
//! In `storage` the same holds for its folders. The files there whose names end in `row` are a layer of their own below
//! the rest: every folder may use the rows of another one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The longest that a file may be, in lines.
const FILE_LINES_MAX: usize = 450;

/// The longest that a function may be, in lines.
const FUNCTION_LINES_MAX: usize = 60;

/// The crates that still have a circle of files. The list only ever gets shorter.
const WITH_CIRCLES: &[&str] = &[];

/// The files that are still too long. The list only ever gets shorter.
const LONG_FILES: &[&str] = &[];

/// The functions that are still too long. The list only ever gets shorter.
const LONG_FUNCTIONS: &[&str] = &[
    "cli/src/commands/demo/sample.rs sample_write",
    "cli/src/settings/load/tests.rs impossible_setting_is_told_with_place_and_accepted_form",
    "egress/src/address.rs ranges_from_end_to_end",
    "sources/src/changelog/tests.rs dialects",
];

#[test]
fn no_crate_has_a_circle_of_files() {
    let mut circles = Vec::new();
    for name in crates() {
        let uses = file_uses(&sources_of(&name));
        circles.extend(circle_find(&uses).map(|circle| (name, circle)));
    }
    exceptions_check(WITH_CIRCLES, circles);
}

#[test]
fn storage_has_no_circle_of_folders() {
    let mut folders: Uses = BTreeMap::new();
    for (file, used) in file_uses(&sources_of("storage")) {
        let others = used.iter().map(|used| layer_of(used)).filter(|layer| *layer != layer_of(&file));
        folders.entry(layer_of(&file)).or_default().extend(others);
    }
    assert_eq!(circle_find(&folders), None);
}

/// The contracts of `api`. Each is a module that uses no other one.
const CONTRACTS: &[&str] = &["page", "management", "amplitude", "hooks"];

#[test]
fn no_contract_uses_another() {
    let contract_of = |file: &str| {
        let module = file.split(['/', '.']).next().unwrap_or_default();
        CONTRACTS.iter().find(|contract| **contract == module)
    };
    let mut faults = Vec::new();
    for (file, used) in file_uses(&sources_of("api")) {
        let Some(contract) = contract_of(&file) else { continue };
        let foreign = used.iter().filter(|used| contract_of(used).is_some_and(|other| other != contract));
        faults.extend(foreign.map(|used| format!("{file} uses {used}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn no_file_is_too_long() {
    let mut long = Vec::new();
    for name in crates() {
        for source in sources_of(&name) {
            let lines = source.text.lines().count();
            if lines > FILE_LINES_MAX {
                long.push((source.place(&name), format!("has {lines} lines")));
            }
        }
    }
    exceptions_check(LONG_FILES, long);
}

#[test]
fn no_function_is_too_long() {
    let mut long = Vec::new();
    for name in crates() {
        for source in sources_of(&name) {
            for function in functions_of(&source.text) {
                if function.lines > FUNCTION_LINES_MAX {
                    let place = format!("{} {}", source.place(&name), function.name);
                    long.push((place, format!("has {} lines", function.lines)));
                }
            }
        }
    }
    exceptions_check(LONG_FUNCTIONS, long);
}

#[test]
fn circles_are_found() {
    let sources = |texts: &[(&str, &str)]| -> Vec<Source> {
        texts.iter().map(|(file, text)| Source { file: (*file).into(), text: (*text).into() }).collect()
    };
    let circle = |texts: &[(&str, &str)]| circle_find(&file_uses(&sources(texts)));
    // A parent that declares its children, and hands on what they have, uses none of them.
    let parent = ("lib.rs", "mod a;\nmod b;\npub use self::a::One;\npub use b::Two;\n");
    assert_eq!(circle(&[parent, ("a.rs", "use crate::Two;\n"), ("b.rs", "use std::fmt;\n")]), None);
    // What is handed on is where it comes from.
    let through_parent = circle(&[parent, ("a.rs", "use crate::Two;\n"), ("b.rs", "use super::{fmt, One};\n")]);
    assert_eq!(through_parent.as_deref(), Some("a.rs → b.rs → a.rs"));
    let deep = [
        ("lib.rs", "pub mod a;\n"),
        ("a.rs", "mod b;\nuse self::b::{self, Deep};\n"),
        ("a/b.rs", "fn f() {\n    crate::a::g()\n}\n"),
    ];
    assert_eq!(circle(&deep).as_deref(), Some("a.rs → a/b.rs → a.rs"));
    // A test inside of a file uses the file itself.
    assert_eq!(circle(&[("lib.rs", "mod a;\n"), ("a.rs", "mod tests {\n    use super::*;\n}\n")]), None);
}

#[test]
fn functions_are_measured() {
    let text = "trait A {\n    fn a(\n        &self,\n    );\n    fn b(&self) {\n        {\n        }\n    }\n}\n\
                pub(crate) async fn c(\n    x: u8,\n) -> u8 {\n    x\n}\nfn d() {}\n";
    let measured: Vec<_> = functions_of(text).into_iter().map(|function| (function.name, function.lines)).collect();
    assert_eq!(measured, [("b".to_owned(), 4), ("c".to_owned(), 5)]);
}

/// Fails where something is wrong that no exception names, and where an exception names what is no longer wrong.
fn exceptions_check(exceptions: &[&str], faults: Vec<(String, String)>) {
    let known = |place: &str| exceptions.contains(&place);
    let new: Vec<_> = faults.iter().filter(|(place, _)| !known(place)).collect();
    assert!(new.is_empty(), "{new:#?}");
    let old: Vec<_> = exceptions.iter().filter(|known| !faults.iter().any(|(place, _)| place == *known)).collect();
    assert!(old.is_empty(), "no longer needed: {old:#?}");
}

/// A file of a crate's `src`.
struct Source {
    /// Its path below `src`.
    file: String,
    text: String,
}

impl Source {
    /// The path below `crates`.
    fn place(&self, crate_name: &str) -> String {
        format!("{crate_name}/src/{}", self.file)
    }

    /// The path of its module; empty for the crate itself.
    fn module(&self) -> Vec<String> {
        let path = self.file.trim_end_matches(".rs");
        if path == "lib" || path == "main" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
    }
}

fn crates_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The names of the workspace's crates.
fn crates() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(crates_directory())
        .expect("the crates are there, since this test is one of theirs")
        .map(|entry| entry.expect("an entry can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn sources_of(crate_name: &str) -> Vec<Source> {
    let root = crates_directory().join(crate_name).join("src");
    let mut files = Vec::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a crate has sources") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let file = path.strip_prefix(&root).expect("it was found below").to_string_lossy().into_owned();
                files.push(Source { file, text: fs::read_to_string(&path).expect("a source is text") });
            }
        }
    }
    files.sort_by(|one, other| one.file.cmp(&other.file));
    files
}

/// The files that each file uses.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// Reads which file uses which.
fn file_uses(sources: &[Source]) -> Uses {
    let imports: Vec<(Vec<String>, Vec<Import>)> =
        sources.iter().map(|source| (source.module(), imports_of(&source.module(), &source.text))).collect();
    let map = FileMap {
        files: sources.iter().map(|source| (source.module(), source.file.clone())).collect(),
        handed_on: imports
            .iter()
            .flat_map(|(module, imports)| {
                imports.iter().filter(|import| import.is_handed_on).map(move |it| (module, it))
            })
            .filter_map(|(module, import)| Some(([module.clone(), vec![import.path.last()?.clone()]].concat(), import)))
            .map(|(name, import)| (name, import.path.clone()))
            .collect(),
    };
    let mut uses = Uses::new();
    for (source, (_, imports)) in sources.iter().zip(&imports) {
        let used = imports.iter().filter(|import| !import.is_handed_on).map(|import| map.file_of(&import.path));
        uses.entry(source.file.clone()).or_default().extend(used.flatten().filter(|used| *used != source.file));
    }
    uses
}

/// The files of a crate by their modules, and the names that modules hand on from others.
struct FileMap {
    files: BTreeMap<Vec<String>, String>,
    handed_on: BTreeMap<Vec<String>, Vec<String>>,
}

impl FileMap {
    /// The file that a path leads into.
    fn file_of(&self, path: &[String]) -> Option<String> {
        let depth = (0..=path.len()).rev().find(|depth| self.files.contains_key(&path[..*depth]))?;
        let name = path.get(..=depth);
        match name.and_then(|name| self.handed_on.get(name)) {
            // What a module hands on may have its own name; everything else comes from further down.
            Some(origin) if Some(origin.as_slice()) != name => {
                self.file_of(&[origin, path.get(depth + 1..).unwrap_or_default()].concat())
            }
            _ => self.files.get(&path[..depth]).cloned(),
        }
    }
}

/// A name that a file uses, by its path from the crate's root.
struct Import {
    path: Vec<String>,
    /// Says whether the file uses it only to hand it on, as the parent of a module does with what is in it.
    is_handed_on: bool,
}

/// The names of its own crate that a file uses: those that it imports, and those that it calls by a whole path.
fn imports_of(module: &[String], text: &str) -> Vec<Import> {
    let mut imports = Vec::new();
    let mut statement: Option<(String, usize, bool)> = None;
    for line in text.lines() {
        let code = line.trim_start();
        if code.starts_with("//") {
            continue;
        }
        let depth = usize::from(code.len() < line.len());
        if let Some((begun, ..)) = &mut statement {
            begun.push_str(code);
        } else if let Some((before, tree)) = code.split_once("use ").filter(|(before, _)| is_visibility(before)) {
            statement = Some((tree.to_owned(), depth, !before.is_empty()));
        } else {
            let called = code.split("crate::").skip(1).map(|rest| path_begin(&format!("crate::{rest}")));
            imports.extend(called.map(|path| Import { path: path[1..].to_vec(), is_handed_on: false }));
        }
        if let Some((tree, depth, is_public)) = statement.take_if(|(tree, ..)| tree.ends_with(';')) {
            let paths = tree_paths(tree.trim_end_matches(';'));
            imports.extend(paths.iter().filter_map(|path| import_of(module, path, depth, is_public)));
        }
    }
    imports
}

fn is_visibility(text: &str) -> bool {
    text.is_empty() || (text.starts_with("pub") && text.ends_with(' '))
}

/// The path that a text begins with.
fn path_begin(text: &str) -> Vec<String> {
    let end = text.find(|character: char| !(character.is_alphanumeric() || "_:".contains(character)));
    let path = &text[..end.unwrap_or(text.len())];
    path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The paths in a tree of imports.
fn tree_paths(tree: &str) -> Vec<Vec<String>> {
    let Some((prefix, rest)) = tree.split_once('{') else { return vec![path_begin(tree)] };
    // The last brace is the tree's own; those of its branches are whole.
    let inner = rest.rfind('}').map_or(rest, |end| &rest[..end]);
    let mut branches = vec![String::new()];
    let mut open = 0;
    for character in inner.chars() {
        match character {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        match branches.last_mut() {
            Some(branch) if character != ',' || open > 0 => branch.push(character),
            _ => branches.push(String::new()),
        }
    }
    let paths = branches.iter().filter(|branch| !branch.trim().is_empty()).flat_map(|branch| tree_paths(branch.trim()));
    paths.map(|path| [path_begin(prefix), path].concat()).collect()
}

/// Finds what an import of a module names, by its path from the root; `None` for something of another crate.
fn import_of(module: &[String], path: &[String], depth: usize, is_public: bool) -> Option<Import> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let from_root = match path.first()?.as_str() {
        "crate" => path[1..].to_vec(),
        // In a module inside of the file, the first step up leads into the file.
        "super" => [&module[..module.len().checked_sub(ups - depth)?], &path[ups..]].concat(),
        "self" if depth == 0 => [module, &path[1..]].concat(),
        _ if is_public && depth == 0 => [module, path].concat(),
        _ => return None,
    };
    let from_root: Vec<String> = from_root.into_iter().filter(|part| part != "self").collect();
    Some(Import { is_handed_on: is_public && depth == 0, path: from_root })
}

/// A circle of names each of which uses the next one, written out from the first of them on.
fn circle_find(uses: &Uses) -> Option<String> {
    let around = |start: &String| {
        let mut before: BTreeMap<&String, &String> = BTreeMap::new();
        let mut next = vec![start];
        while let Some(name) = next.pop() {
            for used in uses.get(name).into_iter().flatten() {
                if used == start {
                    let back = std::iter::successors(Some(name), |name| before.get(name).copied());
                    let mut circle: Vec<&str> = back.map(String::as_str).collect();
                    circle.reverse();
                    return Some(format!("{} → {start}", circle.join(" → ")));
                }
                if !before.contains_key(used) {
                    before.insert(used, name);
                    next.insert(0, used);
                }
            }
        }
        None
    };
    uses.keys().find_map(around)
}

/// The folder of a file and the layer in it.
fn layer_of(file: &str) -> String {
    let folder = file.split_once('/').map_or("", |(folder, _)| folder);
    if folder != "database" && file.ends_with("row.rs") { format!("{folder}, its rows") } else { folder.to_owned() }
}

/// A function and its length, from the line of its name to its last brace.
struct Function {
    name: String,
    lines: usize,
}

/// The functions of a formatted text that have more than one line.
fn functions_of(text: &str) -> Vec<Function> {
    let lines: Vec<&str> = text.lines().collect();
    let mut functions = Vec::new();
    for (begin, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let Some(name) = function_name(code).filter(|_| !line.ends_with(['}', ';'])) else { continue };
        let indent = &line[..line.len() - code.len()];
        let mut rest = lines[begin..].iter().enumerate().skip(1);
        let end = rest.find_map(|(length, line)| {
            let own = line.strip_prefix(indent)?;
            (own.starts_with('}') || (own.starts_with(')') && own.ends_with(';'))).then_some((length + 1, own))
        });
        if let Some((lines, _)) = end.filter(|(_, own)| own.starts_with('}')) {
            functions.push(Function { name: name.to_owned(), lines });
        }
    }
    functions
}

/// The name of the function that a line begins.
fn function_name(code: &str) -> Option<&str> {
    let (before, after) = code.split_once("fn ")?;
    let words = ["pub", "pub(crate)", "pub(super)", "async", "const", "unsafe", "default"];
    let is_head = before.split_whitespace().all(|word| words.contains(&word));
    after.split(|character: char| !(character.is_alphanumeric() || character == '_')).next().filter(|_| is_head)
}
