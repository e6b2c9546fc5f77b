//! `docs/threat-model.md` names a test for each defence; these tests exist.

use std::path::Path;

#[test]
fn each_defence_of_the_threat_model_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/threat-model.md")).expect("the page");
    let mut text = String::new();
    let mut checked = 0;
    // Names come in backquotes; before the first of a file's tests stands the file: boundary:
    // `test`, `test`.
    let pieces: Vec<_> = page.split('`').collect();
    for pair in pieces.chunks(2) {
        let [before, name] = *pair else { break };
        if let Some(file) = before
            .strip_suffix(": ")
            .and_then(|before| before.rsplit([' ', '(', '\n']).next())
        {
            let path = root.join("tests/cli").join(file).with_extension("rs");
            text = std::fs::read_to_string(&path).unwrap_or_default();
        }
        let is_test = name.matches('_').count() >= 3
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if is_test {
            checked += 1;
            assert!(
                text.contains(&format!("#[test]\nfn {name}()")),
                "no test `{name}` in the file that the page names before it"
            );
        }
    }
    assert!(
        checked > 20,
        "only {checked} names of tests were found: the test does not see them"
    );
}
