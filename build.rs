//! The recipes, patches and lock are embedded in the binary; a change of any of them makes it anew.

fn main() {
    for path in ["recipes", "patches", "lockfile.json"] {
        println!("cargo::rerun-if-changed={path}");
    }
}
