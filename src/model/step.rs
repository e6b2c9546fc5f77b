//! What upstream's configure does to files before anything is compiled, as data: copies, and
//! templates whose every question the recipe answers. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::{Macro, RelPath, Sha256, Template, Version};

/// A file that is made from another file of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// In the tree, after the patches.
    pub from: RelPath,
    /// In the tree; not there before.
    pub to: RelPath,
    pub action: Action,
}

/// How a step makes its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// As it is.
    Copy,
    /// With each question of the template answered.
    Fill {
        questions: Questions,
        answers: BTreeMap<Macro, Answer>,
    },
}

/// What in a template is a question, beside `@NAME@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Questions {
    /// Lines `#undef NAME`, of `config.h.in`. Source: Autoconf's manual, "Configuration Header
    /// Files".
    Autoconf,
    /// Lines `#cmakedefine NAME …` and `#cmakedefine01 NAME`. Source:
    /// <https://cmake.org/cmake/help/latest/command/configure_file.html>.
    Cmake,
}

/// The answer to a question: a text, or whether something is defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Text(Template),
    Defined(bool),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => text.fmt(f),
            Self::Defined(defined) => defined.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnswerVisitor;
        impl Visitor<'_> for AnswerVisitor {
            type Value = Answer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, `true` or `false`")
            }

            fn visit_bool<E: Error>(self, defined: bool) -> Result<Answer, E> {
                Ok(Answer::Defined(defined))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Answer, E> {
                text.parse().map(Answer::Text).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(AnswerVisitor)
    }
}

impl JsonSchema for Answer {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Answer".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let text = generator.subschema_for::<Template>();
        schemars::json_schema!({ "anyOf": [text, { "type": "boolean" }], "description": "a text, or whether the macro is defined" })
    }
}

/// What keeps a template from being filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepProblem {
    #[error("{path} is not in the source tree")]
    Missing { path: RelPath },
    #[error("{path} is in the source tree already")]
    There { path: RelPath },
    #[error("the template is not UTF-8")]
    NotText,
    #[error("the template asks what the recipe does not answer: {}", names.join(", "))]
    Unanswered { names: Vec<String> },
    #[error("the recipe answers what the template does not ask: {}", names.join(", "))]
    Unasked { names: Vec<String> },
    #[error("line {line} asks for {asked}, and the recipe's answer to `{name}` is {answered}")]
    Kind {
        line: usize,
        name: String,
        asked: &'static str,
        answered: &'static str,
    },
}

impl Step {
    /// The bytes of the new file, from those of the file that it is made from.
    ///
    /// # Errors
    /// When a question has no answer, an answer no question, or one that does not fit.
    pub fn apply(&self, from: &[u8], version: &Version) -> Result<Vec<u8>, StepProblem> {
        match &self.action {
            Action::Copy => Ok(from.to_vec()),
            Action::Fill { questions, answers } => {
                let text = std::str::from_utf8(from).map_err(|_| StepProblem::NotText)?;
                Filling {
                    questions: *questions,
                    answers,
                    version,
                    asked: BTreeSet::new(),
                    unanswered: BTreeSet::new(),
                }
                .fill(text)
            }
        }
    }

    /// Of all that the new file depends on, but for the file that it is made from.
    #[must_use]
    pub fn digest(&self, version: &Version) -> Sha256 {
        let mut fields = vec![self.from.to_string()];
        if let Action::Fill { questions, answers } = &self.action {
            fields.push(format!("{questions:?}"));
            for (name, answer) in answers {
                fields.push(name.to_string());
                fields.push(match answer {
                    Answer::Text(text) => format!("text {}", text.at(version)),
                    Answer::Defined(defined) => defined.to_string(),
                });
            }
        }
        Sha256::of_fields("wasideps step 1", fields.iter().map(String::as_bytes))
    }

    /// What it does, for documents: `Copied from a.h.prebuilt`, `Made from config.h.in with 12
    /// answers`.
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.action {
            Action::Copy => format!("Copied from {}", self.from),
            Action::Fill { answers, .. } => {
                format!("Made from {} with {} answers", self.from, answers.len())
            }
        }
    }
}

/// A template that is being filled.
struct Filling<'a> {
    questions: Questions,
    answers: &'a BTreeMap<Macro, Answer>,
    version: &'a Version,
    asked: BTreeSet<Macro>,
    unanswered: BTreeSet<String>,
}

impl Filling<'_> {
    fn fill(mut self, text: &str) -> Result<Vec<u8>, StepProblem> {
        let mut filled = String::with_capacity(text.len());
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let (line, end) = match line.strip_suffix("\r\n") {
                Some(line) => (line, "\r\n"),
                None => line
                    .strip_suffix('\n')
                    .map_or((line, ""), |line| (line, "\n")),
            };
            filled.push_str(&self.line(line, index + 1)?);
            filled.push_str(end);
        }
        if !self.unanswered.is_empty() {
            return Err(StepProblem::Unanswered {
                names: self.unanswered.into_iter().collect(),
            });
        }
        let unasked = self
            .answers
            .keys()
            .filter(|name| !self.asked.contains(*name))
            .map(ToString::to_string);
        let names: Vec<String> = unasked.collect();
        if names.is_empty() {
            Ok(filled.into_bytes())
        } else {
            Err(StepProblem::Unasked { names })
        }
    }

    fn line(&mut self, line: &str, number: usize) -> Result<String, StepProblem> {
        let Some((word, name, rest)) = directive(line) else {
            return self.variables(line, number);
        };
        let wrong = |asked, answered| StepProblem::Kind {
            line: number,
            name: name.to_string(),
            asked,
            answered,
        };
        let is_question = match self.questions {
            Questions::Autoconf => word == "undef",
            Questions::Cmake => matches!(word, "cmakedefine" | "cmakedefine01"),
        };
        if !is_question {
            return self.variables(line, number);
        }
        let Some(answer) = self.answer(&name) else {
            return Ok(String::new());
        };
        Ok(match (word, answer) {
            ("cmakedefine01", Answer::Defined(defined)) => {
                format!("#define {name} {}", u8::from(defined))
            }
            ("cmakedefine01", Answer::Text(_)) => return Err(wrong("`true` or `false`", "a text")),
            (_, Answer::Defined(false)) => format!("/* #undef {name} */"),
            ("undef", Answer::Defined(true)) => format!("#define {name} 1"),
            ("undef", Answer::Text(text)) => format!("#define {name} {}", text.at(self.version)),
            (_, Answer::Text(_)) if rest.trim().is_empty() => {
                return Err(wrong("`true` or `false`", "a text"));
            }
            (_, _) => format!("#define {name}{}", self.variables(rest, number)?),
        })
    }

    /// `text` with a text for each `@NAME@`.
    fn variables(&mut self, text: &str, number: usize) -> Result<String, StepProblem> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('@') {
            filled.push_str(before);
            let name = after
                .split_once('@')
                .and_then(|(name, after)| Some((name.parse::<Macro>().ok()?, after)));
            let Some((name, after)) = name else {
                filled.push('@');
                rest = after;
                continue;
            };
            match self.answer(&name) {
                Some(Answer::Text(text)) => {
                    write!(filled, "{}", text.at(self.version)).expect("a string takes all text");
                }
                Some(Answer::Defined(_)) => {
                    let (asked, answered) = ("a text", "`true` or `false`");
                    return Err(StepProblem::Kind {
                        line: number,
                        name: name.to_string(),
                        asked,
                        answered,
                    });
                }
                None => {}
            }
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn answer(&mut self, name: &Macro) -> Option<Answer> {
        let Some(answer) = self.answers.get(name) else {
            self.unanswered.insert(name.to_string());
            return None;
        };
        self.asked.insert(name.clone());
        Some(answer.clone())
    }
}

/// The word, the macro and the rest of a preprocessor's line: `#  undef NAME rest`.
fn directive(line: &str) -> Option<(&str, Macro, &str)> {
    let line = line.trim_start().strip_prefix('#')?.trim_start();
    let (word, rest) = line.split_once([' ', '\t'])?;
    let rest = rest.trim_start();
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    Some((word, rest[..end].parse().ok()?, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(
        questions: Questions,
        answers: &[(&str, &str)],
        template: &str,
    ) -> Result<String, StepProblem> {
        let answer = |(name, text): &(&str, &str)| {
            let answer = match *text {
                "true" => Answer::Defined(true),
                "false" => Answer::Defined(false),
                text => Answer::Text(text.parse().expect("a template")),
            };
            (name.parse().expect("a macro"), answer)
        };
        let answers = answers.iter().map(answer).collect();
        let (from, to) = (
            "a.in".parse().expect("a path"),
            "a".parse().expect("a path"),
        );
        let step = Step {
            from,
            to,
            action: Action::Fill { questions, answers },
        };
        let version = "1.2.3".parse().expect("a version");
        step.apply(template.as_bytes(), &version)
            .map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
    }

    #[test]
    fn autoconfs_questions_are_lines_of_undef() {
        let template = "/* Define. */\r\n#undef HAVE_A\n# undef VERSION\n  #undef HAVE_B\n#define X @X@ @ me@example.org\n";
        let answers = [
            ("HAVE_A", "true"),
            ("VERSION", "\"{version}\""),
            ("HAVE_B", "false"),
            ("X", "{major}"),
        ];
        let expected = "/* Define. */\r\n#define HAVE_A 1\n#define VERSION \"1.2.3\"\n/* #undef HAVE_B */\n#define X 1 @ me@example.org\n";
        assert_eq!(
            filled(Questions::Autoconf, &answers, template).as_deref(),
            Ok(expected)
        );
    }

    #[test]
    fn cmakes_questions_are_lines_of_cmakedefine_and_undef_is_none() {
        let template = "#cmakedefine A\n#cmakedefine B \"@B@\"\n#cmakedefine C 7\n#cmakedefine01 D\n#cmakedefine01 E\n#undef F\n#cmakedefine G x";
        let answers = [
            ("A", "true"),
            ("B", "b"),
            ("C", "false"),
            ("D", "true"),
            ("E", "false"),
            ("G", "true"),
        ];
        let expected = "#define A\n#define B \"b\"\n/* #undef C */\n#define D 1\n#define E 0\n#undef F\n#define G x";
        assert_eq!(
            filled(Questions::Cmake, &answers, template).as_deref(),
            Ok(expected)
        );
    }

    #[test]
    fn a_question_without_an_answer_and_an_answer_without_a_question_are_refused_by_name() {
        let missing = filled(
            Questions::Autoconf,
            &[("A", "true")],
            "#undef A\n#undef C\n@B@\n",
        );
        assert_eq!(
            missing,
            Err(StepProblem::Unanswered {
                names: vec!["B".into(), "C".into()]
            })
        );
        let unused = filled(
            Questions::Cmake,
            &[("A", "true"), ("B", "1")],
            "#cmakedefine A\n#undef B\n",
        );
        assert_eq!(
            unused,
            Err(StepProblem::Unasked {
                names: vec!["B".into()]
            })
        );
        for (questions, answer, template) in [
            (Questions::Cmake, "text", "#cmakedefine A\n"),
            (Questions::Cmake, "1", "#cmakedefine01 A\n"),
            (Questions::Autoconf, "true", "@A@\n"),
            (Questions::Autoconf, "false", "@A@\n"),
        ] {
            let found = filled(questions, &[("A", answer)], template);
            assert!(
                matches!(found, Err(StepProblem::Kind { line: 1, .. })),
                "{template}: {found:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_text_without_questions_stays_as_it_is(text in "([a-z#@ .\\r\\n\u{e9}]|#define A\\n|# ?undef |@@){0,20}") {
            let asks = text.split('@').skip(1).any(|name| name.parse::<Macro>().is_ok());
            let found = filled(Questions::Cmake, &[], &text);
            prop_assert!(asks || found == Ok(text));
        }

        #[test]
        fn each_answer_is_written_once_for_each_question(value in "[a-z0-9 ]{0,8}", times in 1_usize..5) {
            let template = "#undef A\n-@A@-\n".repeat(times);
            let expected = format!("#define A {value}\n-{value}-\n").repeat(times);
            prop_assume!(!matches!(value.as_str(), "true" | "false"));
            prop_assert_eq!(filled(Questions::Autoconf, &[("A", &value)], &template), Ok(expected));
        }
    }
}
