//! Says at the end of `cargo test` which tests of `tests/cli` were left out, and for want of what.
//! (Cargo runs the targets by name, and this one is called `what_was_left_out`.)

#[cfg(target_os = "linux")]
fn main() {
    use std::collections::BTreeMap;
    use std::path::Path;

    // Asked for its tests, it has none.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let ours = format!("left-out-{}", std::os::unix::process::parent_id());
    let text = std::fs::read_to_string(folder.join(&ours)).unwrap_or_default();
    // Those of runs that were ended before this one could be asked go too.
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("left-out-") {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    let mut wants: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (want, test) in text.lines().filter_map(|line| line.split_once('\t')) {
        wants.entry(want).or_default().push(test);
    }
    if wants.is_empty() {
        return;
    }
    let all: usize = wants.values().map(Vec::len).sum();
    println!(
        "\n{all} tests of tests/cli were LEFT OUT (and are shown as `ok` above), because this is missing:"
    );
    for (want, mut tests) in wants {
        tests.sort_unstable();
        println!("  {want}: {}", tests.join(", "));
    }
    println!("`bash tests/run` installs what is missing and leaves out none.\n");
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("\nThe tests of tests/cli were LEFT OUT: they are for Linux.\n");
}
