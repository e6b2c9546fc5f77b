//! The text of a `.pc` file. It starts from `${pcfiledir}`, so that the prefix can be moved.
//! Format: <https://people.freedesktop.org/~dbn/pkg-config-guide.html>.

use std::fmt::Write as _;

use crate::model::{ConsumerFlag, LinkFlag, Module, Name, Recipe, Version};

/// The text of `lib/pkgconfig/<name>.pc`.
#[must_use]
pub fn text(recipe: &Recipe, version: &Version, name: &Name, module: &Module) -> String {
    let libs =
        joined(std::iter::once("-L${libdir}").chain(module.libs.iter().map(LinkFlag::as_str)));
    let cflags = joined(
        std::iter::once("-I${includedir}").chain(module.cflags.iter().map(ConsumerFlag::as_str)),
    );
    let modules = |names: &[Name]| {
        names
            .iter()
            .map(Name::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut text = format!(
        "prefix=${{pcfiledir}}/../..\n\
         libdir=${{prefix}}/lib\n\
         includedir=${{prefix}}/include\n\
         \n\
         Name: {name}\n\
         Description: {}\n\
         URL: {}\n\
         Version: {version}\n",
        module.description, recipe.homepage
    );
    let optional = [
        ("Requires", modules(&module.requires)),
        ("Requires.private", modules(&module.requires_private)),
        ("Libs", libs),
        (
            "Libs.private",
            joined(module.libs_private.iter().map(LinkFlag::as_str)),
        ),
        ("Cflags", cflags),
        (
            "Cflags.private",
            joined(module.cflags_private.iter().map(ConsumerFlag::as_str)),
        ),
    ];
    for (key, value) in optional.iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(text, "{key}: {value}").expect("a string takes all text");
    }
    text
}

fn joined<T: Into<String>>(flags: impl Iterator<Item = T>) -> String {
    flags.map(Into::into).collect::<Vec<_>>().join(" ")
}
