//! Graphs of what made what, as SVG inside the page. All that they show is also in the page's
//! tables.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::words::{anchor, counted};
use crate::build::{FileOrigin, ManifestArchive, ManifestSource, TracedFile, TracedMember};
use crate::model::{RelPath, Selected};
use crate::sbom::BuiltPrefix;

/// Up to so many objects are drawn one by one; more are drawn by the folder of their sources.
const SINGLE: usize = 16;

/// All lengths are in the drawing's own unit, in which a line of text is 13 high.
const ROW: usize = 26;
const PAD: usize = 12;
const HEAD: usize = 24;
/// Left edge and width of each column: what the source comes from, its files, objects, archives,
/// what consumers name.
const COLUMNS: [(usize, usize); 5] = [(0, 230), (280, 300), (640, 200), (900, 150), (1090, 150)];
const WIDTH: usize = 1240;

/// A box with a text.
struct LabelledBox {
    column: usize,
    y: usize,
    text: String,
    /// What it shows under a pointer.
    title: String,
    class: &'static str,
}

impl LabelledBox {
    fn left(&self) -> (usize, usize) {
        (COLUMNS[self.column].0, self.y + ROW / 2 - 2)
    }

    fn right(&self) -> (usize, usize) {
        let (x, width) = COLUMNS[self.column];
        (x + width, self.y + ROW / 2 - 2)
    }

    fn draw(&self) -> Markup {
        let (x, width) = COLUMNS[self.column];
        let most = (width - 16) / 7;
        html! {
            g class=(self.class) {
                title { (self.title) }
                rect x=(x) y=(self.y) width=(width) height=(ROW - 4) rx="4" {}
                text x=(x + 8) y=(self.y + 15) { (shortened(&self.text, most)) }
            }
        }
    }
}

/// Its end, where all of it is too long: file names are told apart by it.
fn shortened(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        text.to_owned()
    } else {
        std::iter::once('…')
            .chain(text.chars().skip(length + 1 - most))
            .collect()
    }
}

fn edge(from: (usize, usize), to: (usize, usize), width: usize) -> Markup {
    let middle = usize::midpoint(from.0, to.0);
    html! {
        path class="edge" stroke-width=(width)
            d=(format!("M{} {}C{middle} {} {middle} {} {} {}", from.0, from.1, from.1, to.1, to.0, to.1)) {}
    }
}

/// A frame around the `rows` rows of a column, with a heading.
fn frame(column: usize, rows: usize, heading: &str) -> Markup {
    let (x, width) = COLUMNS[column];
    html! {
        rect class="frame" x=(x.saturating_sub(8)) y="2" width=(width + 16) height=(HEAD + rows * ROW + PAD / 2) rx="6" {}
        text.heading x=(x) y="18" { (heading) }
    }
}

/// Objects that are drawn as one.
struct Group<'a> {
    label: String,
    members: Vec<&'a TracedMember>,
    class: &'static str,
}

fn groups<'a>(built: &BuiltPrefix<'a>, archive: &ManifestArchive) -> Vec<Group<'a>> {
    let members: Vec<_> = built.trace.members_of(archive.path.as_str()).collect();
    let file = |member: &TracedMember| &built.trace.files[member.source];
    if members.len() <= SINGLE {
        let single = |member: &'a TracedMember| Group {
            label: file(member).path.to_string(),
            class: class(file(member)),
            members: vec![member],
        };
        return members.into_iter().map(single).collect();
    }
    let mut folders: BTreeMap<&str, Vec<&TracedMember>> = BTreeMap::new();
    for member in members {
        folders
            .entry(file(member).path.folder())
            .or_default()
            .push(member);
    }
    let group = |(folder, members): (&str, Vec<&'a TracedMember>)| Group {
        label: format!(
            "{}: {}",
            if folder.is_empty() { "." } else { folder },
            counted(members.len(), "file")
        ),
        class: members
            .iter()
            .map(|member| class(file(member)))
            .find(|class| *class != "file")
            .unwrap_or("file"),
        members,
    };
    folders.into_iter().map(group).collect()
}

fn class(file: &TracedFile) -> &'static str {
    match (file.origin, &file.unpatched) {
        (FileOrigin::Overlay | FileOrigin::Made, _) => "overlay",
        (_, Some(_)) => "patched",
        _ => "file",
    }
}

/// A graph that is being drawn.
#[derive(Default)]
struct Drawing {
    nodes: Vec<LabelledBox>,
    edges: Vec<Markup>,
    /// Rows of the files' and objects' columns.
    rows: usize,
}

impl Drawing {
    /// The files, objects and archives of a source; where the archives end.
    fn objects(
        &mut self,
        built: &BuiltPrefix<'_>,
        installed: &ManifestSource,
    ) -> Vec<(usize, usize)> {
        let mut ends = Vec::new();
        for archive in installed.archives() {
            let groups = groups(built, archive);
            let y = at(self.rows) + groups.len().saturating_sub(1) * ROW / 2;
            let archive = LabelledBox {
                column: 3,
                y,
                text: archive.path.file_name().to_owned(),
                title: archive.path.to_string(),
                class: "archive",
            };
            for group in groups {
                let (sources, objects): (Vec<_>, Vec<_>) = group
                    .members
                    .iter()
                    .map(|member| {
                        (
                            built.trace.files[member.source].path.as_str(),
                            member.name.as_str(),
                        )
                    })
                    .unzip();
                let text = if let [name] = objects[..] {
                    name.to_owned()
                } else {
                    counted(objects.len(), "object")
                };
                let y = at(self.rows);
                let source = LabelledBox {
                    column: 1,
                    y,
                    text: group.label,
                    title: sources.join("\n"),
                    class: group.class,
                };
                let object = LabelledBox {
                    column: 2,
                    y,
                    text,
                    title: objects.join("\n"),
                    class: "object",
                };
                self.edges
                    .push(edge(source.right(), object.left(), width(objects.len())));
                self.edges
                    .push(edge(object.right(), archive.left(), width(objects.len())));
                self.nodes.extend([source, object]);
                self.rows += 1;
            }
            ends.push(archive.right());
            self.nodes.push(archive);
        }
        ends
    }

    /// What else clang opened.
    fn headers(&mut self, built: &BuiltPrefix<'_>, installed: &ManifestSource) {
        let members = installed
            .archives()
            .flat_map(|archive| built.trace.members_of(archive.path.as_str()));
        let opened: BTreeSet<usize> = members
            .flat_map(|member| member.headers.iter().copied())
            .collect();
        let (own, sdk): (Vec<_>, Vec<_>) = opened
            .iter()
            .map(|&index| &built.trace.files[index])
            .partition(|file| file.source.is_some());
        for (opened, of) in [(own, "source"), (sdk, "SDK")] {
            let Some(first) = opened.first() else {
                continue;
            };
            let changed = opened
                .iter()
                .map(|file| class(file))
                .find(|class| *class != "file");
            let node = LabelledBox {
                column: 1,
                y: at(self.rows),
                text: format!("{} of the {of}", counted(opened.len(), "header")),
                title: opened
                    .iter()
                    .map(|file| file.path.as_str())
                    .collect::<Vec<_>>()
                    .join("\n"),
                class: if first.source.is_none() {
                    "sdk"
                } else {
                    changed.unwrap_or("file")
                },
            };
            self.edges
                .push(edge(node.right(), (COLUMNS[2].0 - 8, node.right().1), 3));
            self.nodes.push(node);
            self.rows += 1;
        }
    }

    /// Nodes of the first column, which lead to the frame of the files.
    fn origins(&mut self, origins: Vec<(String, String, &'static str)>) {
        for (y, (text, title, class)) in middle(self.rows, origins.len()).zip(origins) {
            let node = LabelledBox {
                column: 0,
                y,
                text,
                title,
                class,
            };
            let (_, y) = node.right();
            self.edges.push(edge(
                node.right(),
                (COLUMNS[1].0 - 8, y.min(at(self.rows))),
                2,
            ));
            self.nodes.push(node);
        }
    }

    /// Nodes of the last column; those that are linked are led to from `archives`.
    fn consumers(&mut self, consumers: Vec<(String, String, bool)>, archives: &[(usize, usize)]) {
        for (y, (text, title, linked)) in middle(self.rows, consumers.len()).zip(consumers) {
            let node = LabelledBox {
                column: 4,
                y,
                text,
                title,
                class: "module",
            };
            if linked {
                self.edges
                    .extend(archives.iter().map(|end| edge(*end, node.left(), 2)));
            }
            self.nodes.push(node);
        }
    }

    fn height(&self) -> usize {
        self.nodes
            .iter()
            .map(|node| node.y + ROW)
            .max()
            .unwrap_or(HEAD)
            .max(at(self.rows))
            + PAD
    }
}

/// The upper edge of a row.
fn at(row: usize) -> usize {
    HEAD + row * ROW
}

/// The upper edges of `count` rows in the middle of `rows`.
fn middle(rows: usize, count: usize) -> impl Iterator<Item = usize> {
    let top = at(0) + (rows.max(count) - count) * ROW / 2;
    (0..count).map(move |row| top + row * ROW)
}

/// Of a line that stands for so many objects.
fn width(objects: usize) -> usize {
    objects.max(1).ilog2() as usize + 1
}

/// What made the libraries of one source.
pub fn of_source(
    built: &BuiltPrefix<'_>,
    selected: &Selected,
    installed: &ManifestSource,
) -> Markup {
    let mut drawing = Drawing::default();
    let archives = drawing.objects(built, installed);
    drawing.headers(built, installed);
    drawing.origins(origins(selected));
    drawing.consumers(consumers(built, installed), &archives);
    let objects: usize = installed
        .archives()
        .map(|archive| archive.members.len())
        .sum();
    html! {
        div.graph tabindex="0" role="region" aria-label=(format!("Graph of {}, can be scrolled", selected.title())) {
            svg viewBox=(format!("-10 0 {} {}", WIDTH + 20, drawing.height())) role="img" {
                title { (format!("What made the libraries of {}", selected.title())) }
                desc { "The tables below say the same." }
                text.heading x="0" y="18" { "from" }
                (frame(1, drawing.rows, &selected.title()))
                (frame(2, drawing.rows, &counted(objects, "object")))
                text.heading x=(COLUMNS[3].0) y="18" { "archive" }
                text.heading x=(COLUMNS[4].0) y="18" { "for consumers" }
                @for edge in &drawing.edges { (edge) }
                @for node in &drawing.nodes { (node.draw()) }
            }
        }
    }
}

/// What a source's tree is put together from: text, what more there is to say, kind.
fn origins(selected: &Selected) -> Vec<(String, String, &'static str)> {
    let source = &selected.source;
    let places = source
        .origins
        .iter()
        .map(|origin| origin.place.to_string())
        .collect::<Vec<_>>()
        .join("\n");
    let archive = match source.origins.len() {
        1 => ("1 origin".to_owned(), places, "origin"),
        number => (format!("any one of {number} origins"), places, "origin"),
    };
    let patches = selected.recipe.patches.iter().map(|patch| {
        let number = patch.file.file_name().split('-').next().unwrap_or_default();
        (
            format!("patch {number}"),
            format!("{}: {}", patch.file, patch.reason),
            "patched",
        )
    });
    let overlays = (!source.overlays.is_empty()).then(|| {
        let files = source
            .overlays
            .keys()
            .map(RelPath::as_str)
            .collect::<Vec<_>>()
            .join("\n");
        (
            format!("{} of the recipe", counted(source.overlays.len(), "file")),
            files,
            "overlay",
        )
    });
    std::iter::once(archive)
        .chain(patches)
        .chain(overlays)
        .collect()
}

/// What programs name: pkg-config modules and installed headers; whether it is linked.
fn consumers(built: &BuiltPrefix<'_>, installed: &ManifestSource) -> Vec<(String, String, bool)> {
    let modules = installed.modules.iter().map(|(name, module)| {
        (
            name.to_string(),
            format!("pkg-config: {}", module.description),
            true,
        )
    });
    let files = built
        .manifest
        .files
        .iter()
        .filter(|file| file.source.as_ref() == Some(&installed.name));
    let headers: Vec<_> = files
        .filter_map(|file| file.path.as_str().strip_prefix("include/"))
        .collect();
    let headers = (!headers.is_empty())
        .then(|| (counted(headers.len(), "header"), headers.join("\n"), false));
    modules.chain(headers).collect()
}

/// All sources of a prefix, a line each.
pub fn overview(built: &BuiltPrefix<'_>) -> Markup {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    let mut row = 0;
    for (selected, installed) in built.sources() {
        let y = at(row);
        let members: usize = installed
            .archives()
            .map(|archive| archive.members.len())
            .sum();
        let files = built.trace.files_of(&installed.name).count();
        let origin = match selected.recipe.patches.len() {
            0 => selected.title(),
            number => format!("{} + {}", selected.title(), counted(number, "patch")),
        };
        let modules = installed
            .modules
            .keys()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        let archives = installed
            .archives()
            .map(|archive| archive.path.file_name())
            .collect::<Vec<_>>()
            .join(", ");
        let line = [
            (origin, "origin"),
            (format!("{} take part", counted(files, "file")), "file"),
            (counted(members, "object"), "object"),
            (archives, "archive"),
            (modules, "module"),
        ];
        let line: Vec<LabelledBox> = line
            .into_iter()
            .enumerate()
            .map(|(column, (text, class))| LabelledBox {
                column,
                y,
                title: text.clone(),
                text,
                class,
            })
            .collect();
        edges.extend(
            line.windows(2)
                .map(|pair| edge(pair[0].right(), pair[1].left(), width(members))),
        );
        nodes.push((&installed.name, line));
        row += 1;
    }
    html! {
        div class="graph" tabindex="0" role="region" aria-label="Graph of all libraries, can be scrolled" {
            svg viewBox=(format!("-10 0 {} {}", WIDTH + 20, at(row) + PAD)) role="group" aria-label="From sources to what consumers link" {
                @for ((x, _), heading) in COLUMNS.iter().zip(["source", "files", "objects", "archive", "pkg-config"]) {
                    text.heading x=(x) y="18" { (heading) }
                }
                @for edge in &edges { (edge) }
                @for (name, line) in &nodes {
                    a href=(format!("#{}", anchor(name))) { @for node in line { (node.draw()) } }
                }
            }
        }
    }
}
