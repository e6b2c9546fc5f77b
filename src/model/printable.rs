//! Text of others as a terminal may show it: without what would move its cursor, set its title or
//! turn the order of characters around.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether `c` shows as itself, in its own place: no control character, no end of a line, no mark
/// that changes the direction of what follows (Unicode's UAX #9: U+202A to U+202E, U+2066 to
/// U+2069). A terminal obeys the others rather than showing them.
#[must_use]
pub fn is_plain(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escaped(text: &str, keep: fn(char) -> bool) -> Cow<'_, str> {
    let obeyed = |c: char| !is_plain(c) && !keep(c);
    if !text.contains(obeyed) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if obeyed(c) {
            let _ = write!(shown, "{}", c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown.into()
}

/// `text` with what is obeyed written as Rust escapes it (`\u{1b}`), but for line ends and tabs.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    // The carriage return of a line end is part of it; one alone would go back over what stands
    // there.
    let keep = |c| matches!(c, '\n' | '\t');
    if text.contains("\r\n") {
        escaped(&text.replace("\r\n", "\n"), keep)
            .into_owned()
            .into()
    } else {
        escaped(text, keep)
    }
}

/// [`lines`], with line ends and tabs written so as well: a name can't be taken for several lines.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// `json`, a JSON text, with what serde leaves as it is written as JSON escapes it. It means the
/// same.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| !is_plain(c) && c != '\n';
    if !text.contains(obeyed) {
        return text.into();
    }
    text.chars()
        .fold(String::new(), |mut shown, c| {
            let _ = if obeyed(c) {
                write!(shown, "\\u{:04x}", u32::from(c))
            } else {
                write!(shown, "{c}")
            };
            shown
        })
        .into()
}

/// `text` with what is obeyed replaced by as many bytes: places in it stay where they are.
#[must_use]
pub fn same_length(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| !is_plain(c) && !matches!(c, '\n' | '\t' | '\r');
    if !text.contains(obeyed) {
        return text.into();
    }
    let shown = text.chars().flat_map(|c| {
        let (other, times) = match c.len_utf8() {
            _ if !obeyed(c) => (c, 1),
            3 => (char::REPLACEMENT_CHARACTER, 1),
            bytes => ('?', bytes),
        };
        std::iter::repeat_n(other, times)
    });
    shown.collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = "a\u{1b}]0;t\u{7}\u{9b}2J\u{2028}\u{202e}\u{2066}b\n\tc\rd\u{7f}é";

    #[test]
    fn what_a_terminal_obeys_is_made_visible_and_all_else_stays() {
        assert_eq!(
            lines(EVIL),
            "a\\u{1b}]0;t\\u{7}\\u{9b}2J\\u{2028}\\u{202e}\\u{2066}b\n\tc\\rd\\u{7f}é"
        );
        assert_eq!(
            line(EVIL),
            "a\\u{1b}]0;t\\u{7}\\u{9b}2J\\u{2028}\\u{202e}\\u{2066}b\\n\\tc\\rd\\u{7f}é"
        );
        assert_eq!(lines("x\r\ny"), "x\ny");
        let same = same_length(EVIL);
        assert!(
            same.len() == EVIL.len()
                && same.find("\tc") == EVIL.find("\tc")
                && !same.contains(['\u{1b}', '\u{9b}', '\u{202e}'])
        );
        for plain in ["", "é 世界", "a b"] {
            assert!(
                [lines(plain), line(plain), json(plain), same_length(plain)]
                    .iter()
                    .all(|shown| shown == plain),
                "{plain}"
            );
        }
    }

    #[test]
    fn json_means_the_same_when_it_is_made_visible() {
        let text = serde_json::to_string(EVIL).expect("JSON");
        let shown = json(&text);
        assert!(shown.chars().all(is_plain), "{shown:?}");
        assert_eq!(serde_json::from_str::<String>(&shown).expect("JSON"), EVIL);
    }
}
