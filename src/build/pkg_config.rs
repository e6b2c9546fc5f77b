//! The text of a `.pc` file. It starts from `${pcfiledir}`, so that the prefix can be moved.
//! Format: <https://people.freedesktop.org/~dbn/pkg-config-guide.html>.

use std::fmt::Write as _;

use crate::model::{ConsumerFlag, LinkFlag, Module, Name, Recipe, Version};

/// The text of `lib/pkgconfig/<name>.pc`. All libraries of a prefix are static, and many consumers
/// ask without `--static`: CPython's configure, CMake. So nothing is private.
#[must_use]
pub fn text(recipe: &Recipe, version: &Version, name: &Name, module: &Module) -> String {
    let libs = module.libs.iter().chain(&module.libs_private);
    let libs = joined(std::iter::once("-L${libdir}").chain(libs.map(LinkFlag::as_str)));
    let cflags = module.cflags.iter().chain(&module.cflags_private);
    let cflags = joined(std::iter::once("-I${includedir}").chain(cflags.map(ConsumerFlag::as_str)));
    let requires = module.requires.iter().chain(&module.requires_private);
    let requires = requires.map(Name::as_str).collect::<Vec<_>>().join(", ");
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
    if !requires.is_empty() {
        writeln!(text, "Requires: {requires}").expect("a string takes all text");
    }
    writeln!(text, "Libs: {libs}\nCflags: {cflags}").expect("a string takes all text");
    text
}

fn joined<T: Into<String>>(flags: impl Iterator<Item = T>) -> String {
    flags.map(Into::into).collect::<Vec<_>>().join(" ")
}
