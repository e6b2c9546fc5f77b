//! The page of `build --timings`. `maud` escapes all text.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{Phase, Span, Timings};
use crate::sbom::html::{frame, wide};

const STYLE: &str = include_str!("page.css");

/// The width of the picture, and the height of a lane, in pixels.
const WIDTH: f64 = 1200.0;
const LANE: usize = 22;
/// Left of the time's axis: the names of the lanes.
const MARGIN: f64 = 90.0;

/// The page.
pub fn html(timings: &Timings) -> String {
    let lanes = lanes(&timings.spans);
    let colors = colors(&timings.spans);
    let body = html! {
        h1 { "Where the time went" }
        (summary(timings))
        figure { (picture(timings, &lanes, &colors)) }
        (sources(timings, &colors))
        (longest(timings))
    };
    frame("Timings of a build", STYLE, None, &body)
}

fn summary(timings: &Timings) -> Markup {
    let compiled = compiles(&timings.spans).count();
    let cached: usize = timings.from_store.values().sum();
    let longest = compiles(&timings.spans)
        .filter_map(|span| span.cpu_seconds)
        .fold(0.0, f64::max);
    let jobs = f64::from(u32::try_from(timings.jobs).unwrap_or(u32::MAX));
    let bound = (timings.compile_cpu_seconds / jobs).max(longest);
    html! {
        p {
            (format!("{:.1} s in all; {compiled} files compiled in {:.1} s of processor time, at most {} at once; {cached} objects came from the store.", timings.seconds, timings.compile_cpu_seconds, timings.jobs))
        }
        p {
            (format!("No build of these files could be shorter than {bound:.1} s: the processor time divided by {}, or that of the longest file ({longest:.1} s).", timings.jobs))
        }
    }
}

fn compiles(spans: &[Span]) -> impl Iterator<Item = &Span> {
    spans.iter().filter(|span| span.phase == Phase::Compile)
}

/// Spans of one phase that do not overlap share a lane.
fn lanes(spans: &[Span]) -> Vec<(Phase, Vec<&Span>)> {
    let mut lanes: Vec<(Phase, Vec<&Span>)> = Vec::new();
    for span in spans {
        let free = lanes.iter_mut().find(|(phase, lane)| {
            *phase == span.phase && lane.last().is_none_or(|last| last.end <= span.start)
        });
        match free {
            Some((_, lane)) => lane.push(span),
            None => lanes.push((span.phase, vec![span])),
        }
    }
    lanes.sort_by_key(|(phase, _)| *phase);
    lanes
}

/// A hue for each subject, as far from those of its neighbours as can be.
fn colors(spans: &[Span]) -> BTreeMap<&str, usize> {
    // The golden angle.
    const STEP: usize = 137;
    let mut colors = BTreeMap::new();
    for span in spans {
        let next = colors.len() * STEP % 360;
        colors.entry(span.subject.as_str()).or_insert(next);
    }
    colors
}

fn picture(
    timings: &Timings,
    lanes: &[(Phase, Vec<&Span>)],
    colors: &BTreeMap<&str, usize>,
) -> Markup {
    let height = (lanes.len() + 1) * LANE;
    let scale = (WIDTH - MARGIN) / timings.seconds.max(1e-3);
    let x = |seconds: f64| MARGIN + seconds * scale;
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label="When what was downloaded, unpacked and compiled" {
            @for second in ticks(timings.seconds) {
                line.tick x1=(format!("{:.1}", x(second))) x2=(format!("{:.1}", x(second))) y1="0" y2=(height - LANE) {}
                text.axis x=(format!("{:.1}", x(second))) y=(height - 6) { (format!("{second} s")) }
            }
            @for (row, (phase, lane)) in lanes.iter().enumerate() {
                text.lane x="0" y=(row * LANE + LANE - 7) { (name(*phase)) }
                @for span in lane {
                    rect x=(format!("{:.2}", x(span.start))) y=(row * LANE + 2) width=(format!("{:.2}", (span.wall() * scale).max(0.6)))
                        height=(LANE - 4) fill=(fill(colors, &span.subject)) {
                        title { (span.subject) ": " (span.what) ", " (seconds(span)) }
                    }
                }
            }
        }
    }
}

/// Whole seconds, about ten of them.
fn ticks(seconds: f64) -> impl Iterator<Item = f64> {
    let step = [1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0, 300.0, 600.0]
        .into_iter()
        .find(|step| seconds / step <= 12.0)
        .unwrap_or(3600.0);
    (0..)
        .map(move |index| f64::from(index) * step)
        .take_while(move |second| *second <= seconds)
}

fn fill(colors: &BTreeMap<&str, usize>, subject: &str) -> String {
    format!("hsl({} 60% 50%)", colors.get(subject).copied().unwrap_or(0))
}

fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Download => "download",
        Phase::Unpack => "unpack",
        Phase::Prepare => "prepare",
        Phase::Compile => "compile",
    }
}

fn seconds(span: &Span) -> String {
    let wall = format!("{:.2} s", span.wall());
    span.cpu_seconds.map_or(wall.clone(), |cpu| {
        format!("{wall}, {cpu:.2} s of processor time")
    })
}

/// A row for each source.
fn sources(timings: &Timings, colors: &BTreeMap<&str, usize>) -> Markup {
    let mut rows: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
    for span in compiles(&timings.spans) {
        let row = rows.entry(&span.subject).or_default();
        row.0 += 1;
        row.1 += span.cpu_seconds.unwrap_or(0.0);
    }
    for subject in timings.from_store.keys() {
        rows.entry(subject).or_default();
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by(|(_, (_, one)), (_, (_, other))| other.total_cmp(one));
    let total = |phase, subject: &str| {
        let spans = timings.spans.iter();
        let spans = spans.filter(|span| span.phase == phase && span.subject == subject);
        spans.map(Span::wall).sum::<f64>()
    };
    html! {
        h2 { "Sources" }
        (wide("Table of sources", &html! {
            thead { tr { th { "source" } th.number { "compiled" } th.number { "from the store" } th.number { "clang, s" } th.number { "download, s" } th.number { "unpack, s" } } }
            tbody {
                @for (subject, (files, cpu)) in rows {
                    tr {
                        th scope="row" { span.mark style=(format!("background: {}", fill(colors, subject))) {} (subject) }
                        td.number data-label="compiled" { (files) }
                        td.number data-label="stored" { (timings.from_store.get(subject).copied().unwrap_or(0)) }
                        td.number data-label="clang, s" { (format!("{cpu:.1}")) }
                        td.number data-label="download, s" { (format!("{:.1}", total(Phase::Download, subject))) }
                        td.number data-label="unpack, s" { (format!("{:.1}", total(Phase::Unpack, subject))) }
                    }
                }
            }
        }))
    }
}

fn longest(timings: &Timings) -> Markup {
    const SHOWN: usize = 20;
    let mut files: Vec<_> = compiles(&timings.spans).collect();
    let cpu = |span: &Span| span.cpu_seconds.unwrap_or(0.0);
    files.sort_by(|one, other| cpu(other).total_cmp(&cpu(one)));
    files.truncate(SHOWN);
    html! {
        @if !files.is_empty() {
            h2 { "The longest files" }
            (wide("Table of the longest files", &html! {
                thead { tr { th { "source" } th { "file" } th.number { "clang, s" } th.number { "start, s" } th.number { "end, s" } } }
                tbody {
                    @for span in files {
                        tr {
                            th scope="row" { (span.subject) }
                            td data-label="file" { (span.what) }
                            td.number data-label="clang, s" { (format!("{:.2}", cpu(span))) }
                            td.number data-label="start, s" { (format!("{:.2}", span.start)) }
                            td.number data-label="end, s" { (format!("{:.2}", span.end)) }
                        }
                    }
                }
            }))
        }
    }
}
