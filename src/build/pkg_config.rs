//! The text of a `.pc` file. It starts from `${pcfiledir}`, so that the prefix can be moved.
//! Format: <https://people.freedesktop.org/~dbn/pkg-config-guide.html>.

use std::fmt::Write as _;

use crate::model::{Name, PkgConfig, Recipe, Version};

/// The text of `lib/pkgconfig/<name>.pc`.
#[must_use]
pub fn text(recipe: &Recipe, version: &Version, name: &Name, module: &PkgConfig) -> String {
    let libraries = module.libraries.iter().map(|library| format!("-l{library}")).chain(module.libs.iter().cloned());
    let libs = std::iter::once("-L${libdir}".to_owned()).chain(libraries).collect::<Vec<_>>().join(" ");
    let cflags = std::iter::once("-I${includedir}".to_owned()).chain(module.cflags.iter().cloned()).collect::<Vec<_>>().join(" ");
    let requires = module.requires_private.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
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
        ("Requires.private", requires),
        ("Libs", libs),
        ("Libs.private", module.libs_private.join(" ")),
        ("Cflags", cflags),
        ("Cflags.private", module.cflags_private.join(" ")),
    ];
    for (key, value) in optional.iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(text, "{key}: {value}").expect("a string takes all text");
    }
    text
}
