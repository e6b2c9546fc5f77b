//! What a test says of its output in DejaGnu's directives: `/* { dg-output "res: 42\n" } */`.
//! Source: DejaGnu's `dg.exp`; gccint, "Test Directives".

/// A directive that can't be read as text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`dg-output \"{text}\"` is a regular expression beyond `.` and escaped punctuation, which is not supported"
)]
pub struct NotText {
    text: String,
}

/// The texts of all `dg-output` directives of `source`, one after another: what the output must
/// have somewhere. Empty where there are none.
///
/// To DejaGnu the text is a regular expression. Here `.` is a full stop, which is stricter than any
/// character, and a backslash takes the meaning from what follows; what else an expression may have
/// is refused. As there, only the file itself is read, not those that it includes. The selector
/// after the text (`{ xfail avr32*-*-* }`) is passed over: none names WASI.
pub fn expected_output(source: &str) -> Result<String, NotText> {
    let mut expected = String::new();
    for directive in source
        .lines()
        .filter_map(|line| line.split_once("{ dg-output \""))
        .map(|(_, rest)| rest)
    {
        let expression = unquoted(directive);
        let mut letters = expression.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '[' | ']' | '(' | ')' | '{' | '}' | '*' | '+' | '?' | '|' | '^' | '$' => {
                    return Err(NotText { text: expression });
                }
                '\\' => match letters.next() {
                    Some(escaped) if escaped.is_ascii_punctuation() => expected.push(escaped),
                    _ => return Err(NotText { text: expression }),
                },
                other => expected.push(other),
            }
        }
    }
    Ok(expected)
}

/// The value of a word that Tcl has in quotes, from behind the first of them: `\n` is a line's end,
/// any other escaped character itself.
fn unquoted(text: &str) -> String {
    let mut value = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => match letters.next() {
                Some('n') => value.push('\n'),
                Some(escaped) => value.push(escaped),
                None => {}
            },
            other => value.push(other),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directives_of_a_file_are_one_text() {
        let source = "/* { dg-do run } */\n\tputs(x); /* { dg-output \"1.5 2: 3\" } */\n\
                      /* { dg-output \"\\nres: \\\\-4 \\-5\\n\" { xfail avr32*-*-* } } */\n";
        assert_eq!(
            expected_output(source),
            Ok("1.5 2: 3\nres: -4 -5\n".to_owned())
        );
        assert_eq!(
            expected_output("int main(void) { return 0; }\n"),
            Ok(String::new())
        );
    }

    #[test]
    fn an_expression_that_is_no_text_is_refused_not_misread() {
        for expression in ["0x[0-9a-f]*", "a|b", "x+", "\\\\d", "(a)"] {
            let found = expected_output(&format!("/* {{ dg-output \"{expression}\" }} */\n"));
            assert_eq!(
                found,
                Err(NotText {
                    text: expression.replace("\\\\", "\\")
                }),
                "{expression}"
            );
        }
    }
}
