//! Which library requires which. All that follows from it is derived here: whose headers a
//! library's sources may include, what is linked with it, and what its pkg-config modules require.
//! Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::library::{Edge, LibraryId, Visibility};
use super::{Name, Recipe};

/// The libraries of a selection and the edges between them: no edge leads to a library that is not
/// there, none leads back to where it comes from.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    edges: BTreeMap<LibraryId, Vec<Edge>>,
}

/// An edge that can't be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeError {
    /// The recipe that has it, as [`Recipe::file`] names it.
    pub file: String,
    /// Where it has it, in bytes of its text.
    pub span: Range<usize>,
    pub problem: EdgeProblem,
}

/// What is wrong with an edge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EdgeProblem {
    #[error("there is no recipe `{recipe}`")]
    NoRecipe { recipe: Name },
    #[error("`{recipe}` is not in the lock")]
    NotLocked { recipe: Name },
    #[error("the recipe {} makes no library `{}`", to.recipe, to.library)]
    NoLibrary { to: LibraryId, known: Vec<Name> },
    #[error("libraries require each other in a circle: {}", circle.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> "))]
    Circle {
        /// The first one is also the last.
        circle: Vec<LibraryId>,
    },
}

impl EdgeProblem {
    /// What there is in its place, or what to change in the recipes.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoRecipe { .. } | Self::NotLocked { .. } => None,
            Self::NoLibrary { known, .. } => Some(format!("it makes: {}", names(known))),
            Self::Circle { .. } => {
                Some("merge two of the libraries, or take one edge out".to_owned())
            }
        }
    }
}

fn names(names: &[Name]) -> String {
    names
        .iter()
        .map(Name::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

impl Graph {
    /// The graph of the libraries that `recipes` make; each recipe once.
    ///
    /// # Errors
    /// All edges that lead nowhere, and one edge of each circle.
    pub fn new<'a>(recipes: impl IntoIterator<Item = &'a Recipe>) -> Result<Self, Vec<EdgeError>> {
        let recipes: BTreeMap<&Name, &Recipe> = recipes
            .into_iter()
            .map(|recipe| (&recipe.name, recipe))
            .collect();
        let mut graph = Self::default();
        let mut errors = Vec::new();
        for recipe in recipes.values() {
            for library in &recipe.libraries {
                for edge in &library.requires {
                    let problem = match recipes.get(&edge.to.recipe) {
                        None => EdgeProblem::NotLocked {
                            recipe: edge.to.recipe.clone(),
                        },
                        Some(other) => match missing(
                            &edge.to,
                            other.libraries.iter().map(|library| &library.name),
                        ) {
                            None => continue,
                            Some(problem) => problem,
                        },
                    };
                    errors.push(EdgeError {
                        file: recipe.file.clone(),
                        span: edge.span.clone(),
                        problem,
                    });
                }
                let id = recipe.library_id(&library.name);
                graph.edges.insert(id, library.requires.clone());
            }
        }
        if errors.is_empty() {
            errors = graph
                .circles()
                .into_iter()
                .map(|(file, span, problem)| EdgeError {
                    file: recipes[&file].file.clone(),
                    span,
                    problem,
                })
                .collect();
        }
        if errors.is_empty() {
            Ok(graph)
        } else {
            Err(errors)
        }
    }

    /// What `id` requires itself; empty for a library that is not in the graph.
    #[must_use]
    pub fn requires(&self, id: &LibraryId) -> &[Edge] {
        self.edges.get(id).map_or(&[], Vec::as_slice)
    }

    /// The libraries whose headers the sources of `id` may include: what it requires, and what
    /// those require publicly, and so on. Nearer ones come first.
    #[must_use]
    pub fn included<'a>(&'a self, id: &'a LibraryId) -> Vec<&'a LibraryId> {
        let mut found: Vec<&LibraryId> = Vec::new();
        let mut seen = BTreeSet::from([id]);
        found.extend(
            self.requires(id)
                .iter()
                .map(|edge| &edge.to)
                .filter(|to| seen.insert(to)),
        );
        let mut next = 0;
        while let Some(from) = found.get(next) {
            let public = self
                .requires(from)
                .iter()
                .filter(|edge| edge.visibility == Visibility::Public);
            let public: Vec<_> = public
                .map(|edge| &edge.to)
                .filter(|to| seen.insert(to))
                .collect();
            found.extend(public);
            next += 1;
        }
        found
    }

    /// `ids` and all that is linked with them. Each library comes before those that it requires.
    #[must_use]
    pub fn linked<'a>(
        &'a self,
        ids: impl IntoIterator<Item = &'a LibraryId>,
    ) -> Vec<&'a LibraryId> {
        let ids: Vec<_> = ids.into_iter().collect();
        link_order(&ids, &|id| {
            self.requires(id).iter().map(|edge| &edge.to).collect()
        })
    }

    /// An edge of each circle: the recipe that has it, where, and the circle.
    fn circles(&self) -> Vec<(Name, Range<usize>, EdgeProblem)> {
        let mut walk = EdgeWalk {
            graph: self,
            done: BTreeSet::new(),
            path: Vec::new(),
            found: Vec::new(),
        };
        for id in self.edges.keys() {
            walk.visit(id);
        }
        walk.found
    }
}

/// `wanted` and all that they require in turn, each once and before what it requires, as a linker
/// that looks at an archive once takes them. Of those that do not require each other the order
/// stays. A circle is cut where it was entered.
#[must_use]
pub fn link_order<'a, T: Ord>(
    wanted: &[&'a T],
    required: &dyn Fn(&'a T) -> Vec<&'a T>,
) -> Vec<&'a T> {
    fn visit<'a, T: Ord>(
        wanted: &[&'a T],
        required: &dyn Fn(&'a T) -> Vec<&'a T>,
        seen: &mut BTreeSet<&'a T>,
        done: &mut Vec<&'a T>,
    ) {
        for one in wanted.iter().rev() {
            if seen.insert(one) {
                visit(&required(one), required, seen, done);
                done.push(one);
            }
        }
    }
    let mut done = Vec::new();
    visit(wanted, required, &mut BTreeSet::new(), &mut done);
    done.reverse();
    done
}

/// Why no library of a recipe that makes `known` is meant by `to`; none where one is.
#[must_use]
pub fn missing<'a>(to: &LibraryId, known: impl Iterator<Item = &'a Name>) -> Option<EdgeProblem> {
    let known: BTreeSet<&Name> = known.collect();
    (!known.contains(&to.library)).then(|| EdgeProblem::NoLibrary {
        to: to.clone(),
        known: known.into_iter().cloned().collect(),
    })
}

/// A depth-first walk along all edges.
struct EdgeWalk<'a> {
    graph: &'a Graph,
    done: BTreeSet<&'a LibraryId>,
    path: Vec<&'a LibraryId>,
    found: Vec<(Name, Range<usize>, EdgeProblem)>,
}

impl<'a> EdgeWalk<'a> {
    fn visit(&mut self, id: &'a LibraryId) {
        if self.done.contains(id) {
            return;
        }
        self.path.push(id);
        for edge in self.graph.requires(id) {
            if let Some(start) = self.path.iter().position(|step| **step == edge.to) {
                let circle = self.path[start..]
                    .iter()
                    .copied()
                    .chain([&edge.to])
                    .cloned()
                    .collect();
                self.found.push((
                    id.recipe.clone(),
                    edge.span.clone(),
                    EdgeProblem::Circle { circle },
                ));
            } else {
                self.visit(&edge.to);
            }
        }
        self.path.pop();
        self.done.insert(id);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(text: &str) -> LibraryId {
        text.to_owned().try_into().expect("a library")
    }

    /// `a/a` requires what follows: `+b/b` publicly, `-b/b` privately.
    fn graph(lines: &[&str]) -> Graph {
        let edges = lines.iter().map(|line| {
            let mut words = line.split(' ');
            let from = id(words.next().expect("a library"));
            let edge = |word: &str| Edge {
                to: id(&word[1..]),
                visibility: if word.starts_with('+') {
                    Visibility::Public
                } else {
                    Visibility::Private
                },
                span: 0..0,
            };
            (from, words.map(edge).collect())
        });
        Graph {
            edges: edges.collect(),
        }
    }

    fn shown(ids: &[&LibraryId]) -> String {
        ids.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn headers_go_along_public_edges_and_links_along_all() {
        let graph = graph(&["a/a -b/b", "b/b +c/c -d/d", "c/c +e/e", "d/d +e/e", "e/e"]);
        assert_eq!(shown(&graph.included(&id("a/a"))), "b/b c/c e/e");
        assert_eq!(shown(&graph.included(&id("b/b"))), "c/c d/d e/e");
        assert_eq!(shown(&graph.linked([&id("a/a")])), "a/a b/b c/c d/d e/e");
        assert_eq!(
            shown(&graph.linked([&id("c/c"), &id("a/a")])),
            "a/a b/b c/c d/d e/e"
        );
    }

    #[test]
    fn a_circle_is_told_with_all_its_libraries_and_two_recipes_may_need_each_other_without_one() {
        let found = graph(&["a/a +b/b", "b/b -c/c", "c/c +a/a"]).circles();
        let [(recipe, _, problem)] = &found[..] else {
            panic!("one circle: {found:?}")
        };
        assert_eq!(recipe.as_str(), "c");
        assert!(
            problem.to_string().ends_with("a/a -> b/b -> c/c -> a/a"),
            "{problem}"
        );
        assert_eq!(graph(&["a/a +b/b", "b/b +a/base", "a/base"]).circles(), []);
    }

    proptest! {
        #[test]
        fn each_library_is_linked_once_and_before_what_it_requires(edges in prop::collection::vec((0_usize..8, 0_usize..8, any::<bool>()), 0..24)) {
            // From smaller to larger numbers, so that there is no circle.
            let name = |number: usize| id(&format!("r/l{number}"));
            let mut graph = Graph { edges: (0..8).map(|number| (name(number), Vec::new())).collect() };
            for (from, to, public) in edges.into_iter().filter(|(from, to, _)| from < to) {
                let visibility = if public { Visibility::Public } else { Visibility::Private };
                graph.edges.get_mut(&name(from)).expect("it is there").push(Edge { to: name(to), visibility, span: 0..0 });
            }
            prop_assert_eq!(graph.circles(), vec![]);
            let all = graph.linked(graph.edges.keys());
            prop_assert_eq!(all.len(), 8);
            let place = |id: &LibraryId| all.iter().position(|other| *other == id);
            for (from, edges) in &graph.edges {
                prop_assert!(edges.iter().all(|edge| place(from) < place(&edge.to)));
                let included = graph.included(from);
                prop_assert!(included.iter().all(|id| graph.linked([from]).contains(id)) && !included.contains(&from));
            }
        }
    }
}
