//! Several files in one text: `lib/{adler32,crc32}.c` is `lib/adler32.c` and `lib/crc32.c`, in this
//! order. They are names and no patterns: what upstream adds to a folder is never taken unasked.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, Error};
use toml::Spanned;

use crate::model::RelPath;
use crate::model::by_text::TextVisitor;

/// The files that a text names; never empty.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Braced<T>(Vec<T>);

impl<T: FromStr<Err: Display>> TryFrom<String> for Braced<T> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parsed = expanded(&text)?
            .into_iter()
            .map(|one| one.parse().map_err(|error: T::Err| error.to_string()));
        Ok(Self(parsed.collect::<Result<_, _>>()?))
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Braced<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_str(TextVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Braced<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}s", T::schema_name()).into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[^/\\\\:@-][^\\\\:]*$",
            "description": format!("{}, or several of them: `lib/{{a,b}}.c`", T::schema_name())
        })
    }
}

/// The texts that `text` stands for.
///
/// # Errors
/// When a brace is not closed, or within another pair.
fn expanded(text: &str) -> Result<Vec<String>, String> {
    let Some((before, rest)) = text.split_once('{') else {
        if text.contains('}') {
            return Err(format!("`{text}` has a `}}` without a `{{`"));
        }
        return Ok(vec![text.to_owned()]);
    };
    let unclosed = || format!("`{text}` has a `{{` that no `}}` closes before the next one");
    let (choices, after) = rest.split_once('}').ok_or_else(unclosed)?;
    if before.contains('}') || choices.contains('{') {
        return Err(unclosed());
    }
    let ends = expanded(after)?;
    let all = choices
        .split(',')
        .flat_map(|choice| ends.iter().map(move |end| format!("{before}{choice}{end}")));
    Ok(all.collect())
}

/// Reads a list of files, each in its place: all that a text names are where the text is.
pub fn files<'de, T, D>(reader: D) -> Result<Vec<Spanned<T>>, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    let list = Vec::<Spanned<Braced<T>>>::deserialize(reader)?;
    let files = list.into_iter().flat_map(|text| {
        let span = text.span();
        let files = text.into_inner().0.into_iter();
        files.map(move |file| Spanned::new(span.clone(), file))
    });
    Ok(files.collect())
}

/// Reads where headers are installed: `"a.h" = "b.h"`, or `"lib/{a,b}.h" = "sub/"` for
/// `sub/a.h` and `sub/b.h`; `"./"` is the top.
pub fn headers<'de, D>(reader: D) -> Result<BTreeMap<RelPath, Spanned<RelPath>>, D::Error>
where
    D: Deserializer<'de>,
{
    let table = BTreeMap::<Braced<RelPath>, Spanned<String>>::deserialize(reader)?;
    let mut headers = BTreeMap::new();
    for (Braced(files), to) in table {
        let several = files.len() > 1;
        for file in files {
            let place = match to.get_ref().strip_suffix('/') {
                Some(".") => file.file_name().to_owned(),
                Some(folder) => format!("{folder}/{}", file.file_name()),
                None if several => {
                    return Err(D::Error::custom(format!(
                        "several headers, one of them `{file}`, can't all be installed as `{}`: end it with `/` to name a folder",
                        to.get_ref()
                    )));
                }
                None => to.get_ref().clone(),
            };
            let place = Spanned::new(to.span(), place.parse().map_err(D::Error::custom)?);
            if headers.insert(file.clone(), place).is_some() {
                return Err(D::Error::custom(format!("`headers` names `{file}` twice")));
            }
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_name_files_in_their_order_and_what_is_open_is_refused() {
        for (text, expected) in [
            ("a.c", &["a.c"][..]),
            ("d/{a,b}.c", &["d/a.c", "d/b.c"]),
            ("{a,b}{1,2}.c", &["a1.c", "a2.c", "b1.c", "b2.c"]),
            ("x{,-y}.c", &["x.c", "x-y.c"]),
            ("{a}.c", &["a.c"]),
        ] {
            assert_eq!(expanded(text).expect(text), expected, "{text}");
        }
        for text in ["{a", "a}", "{a{b,c}}", "}{", "a}{b}"] {
            assert!(expanded(text).is_err(), "{text}");
        }
    }

    #[test]
    fn headers_go_to_a_file_or_under_their_own_names_into_a_folder() {
        #[derive(serde::Deserialize)]
        struct Table {
            #[serde(deserialize_with = "headers")]
            headers: BTreeMap<RelPath, Spanned<RelPath>>,
        }
        let read = |text: &str| {
            let table: Result<Table, _> = toml::from_str(&format!("[headers]\n{text}"));
            table.map(|table| {
                let shown = table.headers.iter();
                shown
                    .map(|(from, to)| format!("{from}={}", to.get_ref()))
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(
            read("\"x/a.h\" = \"b.h\"\n\"x/{c,d}.h\" = \"y/\"\n\"x/e.h\" = \"./\"")
                .expect("headers"),
            ["x/a.h=b.h", "x/c.h=y/c.h", "x/d.h=y/d.h", "x/e.h=e.h"]
        );
        for (text, words) in [
            ("\"{a,b}.h\" = \"c.h\"", "several headers"),
            (
                "\"{a,b}.h\" = \"x/\"\n\"a.h\" = \"y.h\"",
                "names `a.h` twice",
            ),
            ("\"a.h\" = \"../\"", "`../a.h`"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.message().contains(words), "{error}");
        }
    }
}
