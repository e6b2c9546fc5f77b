//! An attribute `#[test]` for the tests of the command line, in place of Rust's own: a test that
//! asks for a tool that is not on this machine is left out, and listed by `tests/left_out.rs`.
//! Rust's test harness has no way to leave a test out once it runs.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Makes `fn name() { BODY }` a test whose body runs in `crate::support::trial`.
#[proc_macro_attribute]
pub fn test(_: TokenStream, function: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = function.into_iter().collect();
    // A function ends with its body.
    let Some(body @ TokenTree::Group(_)) = tokens.pop() else {
        return code("compile_error!(\"`test` is for functions\");");
    };
    let closure = code("||").into_iter().chain([body]).collect();
    let call = code("crate::support::trial").into_iter().chain([Group::new(Delimiter::Parenthesis, closure).into()]).collect();
    tokens.push(Group::new(Delimiter::Brace, call).into());
    code("#[::core::prelude::v1::test]").into_iter().chain(tokens).collect()
}

fn code(text: &str) -> TokenStream {
    text.parse().expect("Rust")
}
