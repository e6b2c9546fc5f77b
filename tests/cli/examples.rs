//! Two recipes that use all that a recipe can say (`tests/fixtures/examples`): built, linked, run,
//! traced, and in every document.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::programs::pkgconf;
use crate::sboms::{list, parsed, text};
use crate::sources::tar;
use crate::support::{Place, archives_of, copy_tree, names, project, run, sdk, test, wasmtime};

/// The examples and their sources, not locked.
fn written() -> Place {
    let place = Place::new();
    let examples = project().join("tests/fixtures/examples");
    for folder in ["recipes", "patches"] {
        copy_tree(&examples.join(folder), &place.path(folder));
    }
    for name in names(&examples.join("sources")) {
        let folder = examples.join("sources").join(&name);
        let files = names(&folder).into_iter().map(|file| {
            let bytes = std::fs::read(folder.join(&file)).expect("a file");
            (format!("{name}/{file}"), bytes)
        });
        place.write(
            &format!("brought/{name}.tar"),
            tar(&files.collect::<Vec<_>>()),
        );
    }
    let mut lock: Value = serde_json::from_str(include_str!("../../lockfile.json")).expect("JSON");
    lock["sources"] = json!({});
    place.write("lockfile.json", lock.to_string());
    place
}

/// The examples, locked; each origin is pinned to its archive.
pub fn locked() -> Place {
    lock(written())
}

/// Locks the examples in `place`.
fn lock(place: Place) -> Place {
    for name in ["tone", "song"] {
        let sha256 = wasideps::model::Sha256::of(
            &std::fs::read(place.path(&format!("brought/{name}.tar"))).expect("the archive"),
        );
        let root = format!("root = \"{name}\"");
        let pinned = format!("{root}\npublished-sha256 = {{ \"1.0\" = \"{sha256}\" }}");
        place.edit(&format!("recipes/{name}/recipe.toml"), &root, &pinned);
        run(&mut place.own(place.command(&["lock", name, "1.0", "--offline"]))).exits(0);
    }
    place
}

/// The examples, built once into `out` for the tests that only look.
fn place() -> &'static Place {
    static BUILT: OnceLock<Place> = OnceLock::new();
    BUILT.get_or_init(|| {
        let place = locked();
        let mut build = place.own(place.command(&["build", "--offline", "--prefix", "out"]));
        run(build.arg("--wasi-sdk").arg(sdk())).exits(0);
        place
    })
}

fn document(path: &str) -> Value {
    parsed(&place().path(&format!("out/share/wasideps/{path}")))
}

#[test]
fn members_are_called_after_their_files_and_those_of_groups_after_the_group_too() {
    let manifest = document("manifest.json");
    let of = |source: &Value| {
        let archives = archives_of(source).into_iter().map(|archive| {
            let members = list(archive, "members")
                .iter()
                .map(|member| text(member, "name"));
            format!(
                "{}: {}",
                text(archive, "path"),
                members.collect::<Vec<_>>().join(" ")
            )
        });
        archives.collect::<Vec<_>>()
    };
    let found: Vec<_> = list(&manifest, "sources").iter().flat_map(of).collect();
    let tone = "lib/libtone.a: tone.o gain.o trim.o mix-16.o mix-8.o";
    assert_eq!(
        found,
        ["lib/libdrum.a: drum.o", tone, "lib/libsong.a: song.o"]
    );
}

#[test]
fn a_table_of_members_makes_the_archive_that_groups_with_the_same_names_make() {
    let place = written();
    let group = |bits| {
        format!(
            "[library.tone.group.{bits}]\nsources = [\"mix.c\"]\ndefines = {{ BITS = \"{bits}\" }}\n"
        )
    };
    let recipe = "recipes/tone/recipe.toml";
    place.edit(
        recipe,
        &group(8),
        "[library.tone.members.part]\nbits = { 8 = { BITS = \"8\" }, 16 = { BITS = \"16\" } }\n",
    );
    place.edit(
        recipe,
        &group(16),
        "[library.tone.members.of]\n\"mix.c\" = { \"mix-{bits}\" = {} }\n",
    );
    let place = lock(place);
    let mut build = place.own(place.command(&["build", "--offline", "--prefix", "out"]));
    run(build.arg("--wasi-sdk").arg(sdk())).exits(0);
    let archive =
        |place: &Place| std::fs::read(place.path("out/lib/libtone.a")).expect("it is built");
    assert!(archive(&place) == archive(self::place()));
}

#[test]
fn a_program_that_names_one_module_gets_headers_along_public_edges_and_links_along_all() {
    let place = place();
    let mut check = place.own(place.command(&["check", "--offline", "--prefix", "out"]));
    let checked = run(check
        .arg("--runner")
        .arg(wasmtime())
        .arg("--wasi-sdk")
        .arg(sdk()))
    .exits(0);
    let words: Vec<_> = checked
        .stdout
        .lines()
        .find(|line| line.starts_with("song"))
        .expect("a row")
        .split_whitespace()
        .collect();
    assert_eq!(
        words[..5],
        ["song", "1.0", "1", "1", "0"],
        "{}",
        checked.stdout
    );
}

#[test]
fn pkg_config_and_its_modules_agree_on_what_is_linked() {
    let folder = place().path("out/lib/pkgconfig");
    let song = std::fs::read_to_string(folder.join("song.pc")).expect("the module");
    assert!(song.contains("\nRequires: tone, drum\n"), "{song}");
    // Headers alone are in no module, and there is nothing to link of them.
    assert!(
        !std::fs::read_to_string(folder.join("tone.pc"))
            .expect("the module")
            .contains("Requires")
    );
    let said = pkgconf(
        &["song".to_owned()],
        &[("PKG_CONFIG_LIBDIR", folder.display().to_string())],
    );
    let libs: Vec<_> = said
        .iter()
        .filter(|word| word.starts_with("-l"))
        .map(String::as_str)
        .collect();
    // The C++ library of what is made from C++, behind it.
    assert_eq!(libs, ["-lsong", "-ltone", "-lc++", "-lc++abi", "-ldrum"]);
}

#[test]
fn what_was_opened_is_traced_through_edges_assembly_and_groups() {
    let opened_of = |member: &str, of_sdk: bool| {
        let place = place();
        let file = format!("lib/{member}");
        let explained = run(&mut place.command(&[
            "sbom",
            "explain",
            &file,
            "--prefix",
            "out",
            "--message-format",
            "json",
        ]))
        .exits(0);
        let member = &explained.data("explained")["member"];
        let files = list(member, "headers")
            .iter()
            .chain([&member["source"]])
            .filter(|file| (file["of"] == "sdk") == of_sdk);
        let mut files: Vec<_> = files
            .map(|file| format!("{}:{}", text(file, "of"), text(file, "path")))
            .collect();
        files.sort();
        (files.join(" "), text(member, "command").to_owned())
    };
    let opened = |member: &str| opened_of(member, false);
    // The C++ library's headers as the C library's.
    let (headers, _) = opened_of("libtone.a:tone.o", true);
    for header in [
        "/c++/v1/vector",
        "/c++/v1/string",
        "/wasm32-wasip1/stdlib.h",
    ] {
        let mut found = headers.split(' ');
        assert!(
            found.any(|path| path.ends_with(header)),
            "{header}: {headers}"
        );
    }
    assert_eq!(
        opened("libsong.a:song.o").0,
        "song:song.c song:song.h tone:drum.h tone:scale.h tone:tone.h tone:tone_limits.h tone:tone_version.h"
    );
    assert_eq!(opened("libtone.a:gain.o").0, "tone:gain.s");
    assert_eq!(opened("libtone.a:trim.o").0, "tone:trim.S tone:trim.h");
    let (files, command) = opened("libtone.a:tone.o");
    assert_eq!(
        files,
        "tone:scale.h tone:tone.cc tone:tone.h tone:tone_limits.h tone:tone_version.h"
    );
    assert!(
        command.contains("-std=c++17")
            && command.contains("-fno-exceptions")
            && !command.contains("gnu11"),
        "{command}"
    );
    for bits in ["8", "16"] {
        let (files, command) = opened(&format!("libtone.a:mix-{bits}.o"));
        assert_eq!(
            files,
            "tone:config.h tone:mix.c tone:scale.h tone:tone.h tone:tone_limits.h tone:tone_version.h"
        );
        assert!(
            command.contains(&format!("-DBITS={bits} ")) && command.contains("-std=gnu11"),
            "{command}"
        );
    }
}

/// `from kind to` of each relationship between libraries.
fn between<'a>(related: impl Iterator<Item = (&'a str, &'a str, &'a str)>) -> BTreeSet<String> {
    let name = |id: &'a str| {
        id.rsplit(['#', '/'])
            .next()
            .unwrap_or(id)
            .trim_start_matches("SPDXRef-")
    };
    let all = related.map(|(from, kind, to)| (name(from), kind, name(to)));
    all.filter(|(from, _, to)| from.starts_with("Library") && to.starts_with("Library"))
        .map(|(from, kind, to)| format!("{from} {kind} {to}"))
        .collect()
}

#[test]
fn every_document_has_each_edge_between_libraries_and_no_other() {
    let spdx = document("sbom.spdx.json");
    let related = list(&spdx, "relationships").iter();
    let related = related.map(|it| {
        (
            text(it, "spdxElementId"),
            text(it, "relationshipType"),
            text(it, "relatedSpdxElement"),
        )
    });
    let expected = [
        "Library-libsong.a STATIC_LINK Library-libdrum.a",
        "Library-libsong.a STATIC_LINK Library-libtone.a",
        "Library-libtone.a DEPENDS_ON Library-tone-sscale",
    ];
    assert_eq!(between(related), expected.map(str::to_owned).into());

    let spdx3 = document("sbom.spdx3.json");
    let related = list(&spdx3, "@graph")
        .iter()
        .filter(|it| text(it, "type").ends_with("Relationship"));
    let related = related.flat_map(|it| {
        list(it, "to").iter().map(move |to| {
            (
                text(it, "from"),
                text(it, "relationshipType"),
                to.as_str().expect("an id"),
            )
        })
    });
    assert_eq!(
        between(related),
        expected
            .map(|line| line
                .replace("STATIC_LINK", "dependsOn")
                .replace("DEPENDS_ON", "dependsOn"))
            .into()
    );

    let cyclonedx = document("sbom.cdx.json");
    let on = |of: &str| {
        let dependency = list(&cyclonedx, "dependencies")
            .iter()
            .find(|it| text(it, "ref") == of)
            .unwrap_or_else(|| panic!("no {of}"));
        list(dependency, "dependsOn")
            .iter()
            .map(|it| it.as_str().expect("a reference"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        on("lib/libsong.a"),
        "lib/libtone.a lib/libdrum.a tool/wasi-libc"
    );
    assert_eq!(on("lib/libtone.a"), "headers/tone/scale tool/wasi-libc");
    assert_eq!(on("headers/tone/scale"), "");
}

#[test]
fn each_installed_file_is_of_its_library_in_every_document() {
    let cyclonedx = document("sbom.cdx.json");
    let files = |of: &str| {
        let library = list(&cyclonedx, "components")
            .iter()
            .find(|it| text(it, "bom-ref") == of)
            .unwrap_or_else(|| panic!("no {of}"));
        let files = list(library, "components")
            .iter()
            .map(|it| text(it, "bom-ref"))
            .filter(|file| !file.contains(".a:"));
        files.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(files("headers/tone/scale"), "include/scale.h");
    assert_eq!(
        files("lib/libtone.a"),
        "include/tone.h include/tone_limits.h include/tone_version.h"
    );
    let spdx = document("sbom.spdx.json");
    let scale = list(&spdx, "packages")
        .iter()
        .find(|it| text(it, "name") == "tone/scale")
        .expect("the package");
    assert_eq!(scale["primaryPackagePurpose"], "LIBRARY");
    let contained = list(&spdx, "relationships").iter().filter(|it| {
        text(it, "spdxElementId") == "SPDXRef-Library-tone-sscale"
            && text(it, "relationshipType") == "CONTAINS"
    });
    assert_eq!(
        contained
            .map(|it| text(it, "relatedSpdxElement"))
            .collect::<Vec<_>>(),
        ["SPDXRef-File-include-sscale.h"]
    );
}

#[test]
fn a_file_that_a_step_made_is_traced_to_what_it_was_made_from_in_every_document() {
    let place = place();
    let version =
        std::fs::read_to_string(place.path("out/include/tone_version.h")).expect("the header");
    let expected = "#define TONE_VERSION \"1.0\"\n#define TONE_LOUD\n#define TONE_QUIET 0\n";
    assert!(version.contains(expected), "{version}");
    let explain = |args: &[&str]| {
        run(&mut place.command(
            &[
                &[
                    "sbom",
                    "explain",
                    "lib/libtone.a:mix-8.o",
                    "--prefix",
                    "out",
                ],
                args,
            ]
            .concat(),
        ))
        .exits(0)
    };
    let explained = explain(&["--message-format", "json"]).data("explained");
    let config = list(&explained["member"], "headers")
        .iter()
        .find(|file| file["path"] == "config.h")
        .expect("the header");
    assert_eq!(
        (text(config, "origin"), text(config, "made_from")),
        ("made", "config.h.in")
    );
    assert!(
        explain(&[])
            .stdout
            .contains("config.h (made from config.h.in)")
    );

    let spdx = document("sbom/tone.spdx.json");
    let related = list(&spdx, "relationships")
        .iter()
        .filter(|it| text(it, "spdxElementId").starts_with("SPDXRef-Made"));
    let related: BTreeSet<_> = related
        .map(|it| {
            format!(
                "{} {}",
                text(it, "spdxElementId"),
                text(it, "relatedSpdxElement")
            )
        })
        .collect();
    let made = |(to, from): (&str, &str)| format!("SPDXRef-Made-{to} SPDXRef-Input-{from}");
    let files = [
        ("config.h", "config.h.in"),
        ("tone-ulimits.h", "limits.h.prebuilt"),
        ("tone-uversion.h", "version.h.in"),
    ];
    assert_eq!(related, files.map(made).into());

    let spdx3 = document("sbom.spdx3.json");
    let generated = list(&spdx3, "@graph")
        .iter()
        .filter(|it| it["relationshipType"] == "generates" && text(it, "from").contains("#Input-"));
    assert_eq!(generated.count(), 3);

    let cyclonedx = document("sbom.cdx.json");
    let library = list(&cyclonedx, "components")
        .iter()
        .find(|it| it["bom-ref"] == "lib/libtone.a")
        .expect("the library");
    let notes = text(&library["pedigree"], "notes");
    assert!(
        notes.contains("config.h: Made from config.h.in with 3 answers.")
            && notes.contains("tone_limits.h: Copied from limits.h.prebuilt."),
        "{notes}"
    );
}

#[test]
fn what_a_template_asks_and_what_a_recipe_answers_must_be_the_same() {
    for (old, new, words) in [
        (
            ", HAVE_MATHS = true",
            "",
            "the template asks what the recipe does not answer: HAVE_MATHS",
        ),
        (
            "HAVE_MATHS = true",
            "HAVE_MATHS = true, HAVE_EARS = true",
            "the recipe answers what the template does not ask: HAVE_EARS",
        ),
        (
            "to = \"config.h\"",
            "to = \"trim.h\"",
            "trim.h is in the source tree already",
        ),
        (
            "[template.\"config.h.in\"]",
            "[template.\"config.h.im\"]",
            "config.h.im is not in the source tree",
        ),
    ] {
        let place = locked();
        place.edit("recipes/tone/recipe.toml", old, new);
        let mut build =
            place.own(place.command(&["build", "tone", "--offline", "--prefix", "out"]));
        run(build.arg("--wasi-sdk").arg(sdk()))
            .exits(2)
            .says(&["tone 1.0", words]);
        assert!(!place.path("out").exists());
    }
    let place = locked();
    place.edit(
        "recipes/tone/recipe.toml",
        "to = \"tone_version.h\"",
        "to = \"config.h\"",
    );
    let words = "two files of `[copy]`, `[template]` and `[overlay]` are put at `config.h`";
    run(&mut place.own(place.command(&["list"])))
        .exits(2)
        .says(&["tone/recipe.toml:", words]);
}

#[test]
fn the_prefix_verifies_and_assembly_that_says_a_compiler_made_it_does_not() {
    let place = place();
    let verify = |prefix: &str| {
        let mut command = place.own(place.command(&["verify", "--offline", prefix]));
        command.arg("--wasi-sdk").arg(sdk());
        command
    };
    run(&mut verify("out")).exits(0);
    // The manifest says that one member is of assembly and another is compiled; each is taken for
    // the other.
    copy_tree(&place.path("out"), &place.path("swapped"));
    let manifest = "swapped/share/wasideps/manifest.json";
    place.edit(manifest, "\"source\": \"drum.c\"", "\"source\": \"drum.s\"");
    place.edit(manifest, "\"source\": \"gain.s\"", "\"source\": \"gain.c\"");
    let told = run(&mut verify("swapped")).exits(3).stdout;
    for words in [
        "lib/libdrum.a:drum.o",
        "it is of assembly, and says that a compiler made it",
        "lib/libtone.a:gain.o",
        "it does not say that the manifest's compiler made it",
    ] {
        assert!(told.contains(words), "`{words}` is not in\n{told}");
    }
}

#[test]
fn assembly_opens_no_file_that_is_not_listed() {
    let place = locked();
    let (tone, secret) = ("brought/tone.tar", place.write("secret", "1"));
    let included = |path: &Path| format!("\t.incbin \"{}\"\n", path.display());
    let source = project().join("tests/fixtures/examples/sources/tone");
    for (file, line) in [
        ("gain.s", included(&secret)),
        ("trim.S", included(&secret)),
        ("gain.s", "\t.include \"trim.h\"\n".to_owned()),
    ] {
        let files = names(&source).into_iter().map(|name| {
            let mut bytes = std::fs::read(source.join(&name)).expect("a file");
            if name == file {
                bytes.extend(line.bytes());
            }
            (format!("tone/{name}"), bytes)
        });
        let archive = tar(&files.collect::<Vec<_>>());
        place.write(tone, &archive);
        let recipe = place.path("recipes/tone/recipe.toml");
        let text = std::fs::read_to_string(&recipe).expect("the recipe");
        let text = text
            .lines()
            .filter(|line| !line.starts_with("published-sha256"))
            .collect::<Vec<_>>()
            .join("\n");
        let sha256 = wasideps::model::Sha256::of(&archive);
        place.write(
            "recipes/tone/recipe.toml",
            text.replace(
                "root = \"tone\"\n",
                &format!("root = \"tone\"\npublished-sha256 = {{ \"1.0\" = \"{sha256}\" }}\n"),
            ),
        );
        run(&mut place.own(place.command(&["lock", "tone", "1.0", "--offline"]))).exits(0);
        let mut build =
            place.own(place.command(&["build", "tone", "--offline", "--prefix", "out"]));
        run(build.arg("--wasi-sdk").arg(sdk()))
            .exits(1)
            .says(&[file]);
        assert!(!place.path("out").exists());
    }
}
