//! The commands of `action.yml`, run as GitHub runs them: with files for outputs and variables.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::support::{Place, Run, archives, project, run, sdk, test};

/// `.github/action/run STEP` with these inputs, in this folder.
fn step(place: &Place, name: &str, inputs: &[(&str, &str)]) -> Run {
    let mut command = Command::new("bash");
    command.arg(project().join(".github/action/run")).arg(name);
    for variable in ["WASIDEPS_HOME", "WASI_SDK_PATH", "SOURCE_DATE_EPOCH"] {
        command.env_remove(variable);
    }
    command
        .current_dir(place.path(""))
        .env("INPUT_PROGRAM", env!("CARGO_BIN_EXE_wasideps"))
        .env("RUNNER_TEMP", place.path("runner"))
        .env("GITHUB_ENV", place.path("env"))
        .env("GITHUB_OUTPUT", place.path("output"))
        .env("GITHUB_PATH", place.path("path"));
    // What a step writes into the file of variables, GitHub gives to those after it.
    for (name, value) in lines(&place.path("env")) {
        command.env(name, value);
    }
    for (name, value) in inputs {
        command.env(format!("INPUT_{name}"), value);
    }
    run(&mut command)
}

fn lines(path: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines();
    lines
        .map(|line| line.split_once('=').expect("NAME=VALUE"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn options() -> String {
    let (sdk, archives) = (sdk().display(), archives());
    format!("--wasi-sdk {sdk}\n--from {} --offline", archives.display())
}

#[test]
fn a_library_is_built_in_the_store_that_the_key_is_for_and_later_steps_have_its_variables() {
    let place = Place::new();
    let options = options();
    let inputs = [("LIBRARIES", "bzip2"), ("OPTIONS", &*options)];
    let installed = step(&place, "install", &inputs).exits(0);
    assert!(
        installed.stdout.starts_with("wasideps "),
        "{}",
        installed.stdout
    );
    step(&place, "plan", &inputs).exits(0);
    let outputs = lines(&place.path("output"));
    let mut plan = place.command(&["plan", "bzip2", "--key"]);
    let key = run(plan.arg("--wasi-sdk").arg(sdk())).exits(0).stdout;
    assert_eq!(outputs["key"], key.trim_end());
    let store = place.path("runner/wasideps-store");
    assert_eq!(outputs["store"], store.to_str().expect("UTF-8"));
    assert_eq!(lines(&place.path("env"))["WASIDEPS_HOME"], outputs["store"]);

    step(&place, "build", &inputs).exits(0);
    let prefix = place.path("sysroot/wasm32-wasip1");
    let prefix = prefix.canonicalize().expect("it was built");
    assert!(prefix.join("lib/libbz2.a").is_file());
    assert!(store.join("objects").read_dir().expect("there").count() >= 7);
    assert_eq!(
        Path::new(&lines(&place.path("output"))["prefix"])
            .canonicalize()
            .expect("it"),
        prefix
    );
    let variables = lines(&place.path("env"));
    assert!(variables["BZIP2_LIBS"].ends_with("-lbz2"), "{variables:?}");

    // The next run, which finds the store: nothing is compiled.
    for file in ["env", "output"] {
        std::fs::remove_file(place.path(file)).expect("it was there");
    }
    let other = [
        ("LIBRARIES", "bzip2"),
        ("OPTIONS", &*options),
        ("PREFIX", "elsewhere"),
    ];
    step(&place, "plan", &other).exits(0);
    assert_eq!(lines(&place.path("output"))["key"], outputs["key"]);
    let built = step(&place, "build", &other).exits(0).stdout;
    assert!(built.contains("0 compiled, 7 from the store"), "{built}");
    assert!(place.path("elsewhere/lib/libbz2.a").is_file());
}

#[test]
fn an_input_is_words_for_wasideps_and_never_a_command() {
    let place = Place::new();
    for (name, text) in [
        ("LIBRARIES", "bzip2; touch made"),
        ("LIBRARIES", "$(touch made)"),
        ("OPTIONS", "`touch made`"),
        ("TARGET", "a b\ntouch made"),
        ("VARIANT", "*"),
    ] {
        for at in ["plan", "build"] {
            let refused = step(&place, at, &[(name, text)]);
            assert_eq!(refused.code, 2, "{name}={text}: {}", refused.stderr);
        }
    }
    assert!(!place.path("made").exists());
}

#[test]
fn each_input_of_action_yml_reaches_the_script_and_each_output_comes_from_it() {
    let read = |path: &str| std::fs::read_to_string(project().join(path)).expect(path);
    let (action, script) = (read("action.yml"), read(".github/action/run"));
    let section = |from: &str, to: &str| {
        let rest = action.split_once(from).expect(from).1;
        rest.split_once(to).expect(to).0.to_owned()
    };
    let keys = |text: &str| {
        let keys = text.lines().filter_map(|line| line.strip_prefix("  "));
        let keys = keys.filter(|line| !line.starts_with(' '));
        keys.filter_map(|line| line.strip_suffix(':').map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let inputs = keys(&section("\ninputs:\n", "\noutputs:\n"));
    assert!(inputs.len() >= 8, "{inputs:?}");
    for input in &inputs {
        let variable = format!("INPUT_{}", input.to_uppercase());
        let passed = format!("{variable}: ${{{{ inputs.{input} }}}}");
        assert!(action.contains(&passed), "no `{passed}`");
        assert!(script.contains(&variable), "the script has no {variable}");
    }
    // None goes into a script as text.
    assert!(
        !action
            .lines()
            .any(|line| line.contains("run:") && line.contains("${{"))
    );
    for output in ["prefix", "key", "store"] {
        let put = format!("put \"$GITHUB_OUTPUT\" {output} ");
        assert!(script.contains(&put), "no `{put}`");
    }
}
