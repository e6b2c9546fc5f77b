"""Opens a JPEG, draws a text in Arabic and Latin letters into it with a TrueType font, and writes WebP and PNG: pillow.py JPEG FONT FOLDER

Prints which libraries Pillow has, and what the files are when they are opened again.
"""

import pathlib
import sys

from PIL import Image, ImageDraw, ImageFont, features

jpeg, font_file, folder = sys.argv[1:]
for name in ["jpg", "jpg_2000", "zlib", "freetype2", "raqm", "harfbuzz", "littlecms2", "webp", "libjpeg_turbo", "libtiff"]:
    print(f"{name}: {features.check(name)}, {features.version(name)}")

with Image.open(jpeg) as image:
    print(f"opened: {image.format} {image.size} {image.mode}")
    image = image.convert("RGB")
font = ImageFont.truetype(font_file, 24, layout_engine=ImageFont.Layout.RAQM)
draw = ImageDraw.Draw(image)
# Letters that join, and lam-alef, which is one glyph: the shaped text is narrower than its letters one by one.
text = "WASI \u0627\u0644\u0633\u0644\u0627\u0645"
print(f"shaped: {draw.textlength(text, font):.2f} wide, letter by letter {sum(draw.textlength(letter, font) for letter in text):.2f}")
draw.text((4, 4), text, font=font, fill=(255, 32, 32), stroke_width=1, stroke_fill=(0, 0, 0))
for suffix, options in [("webp", {"lossless": True}), ("png", {})]:
    file = pathlib.Path(folder, f"pillow.{suffix}")
    image.save(file, **options)
    with Image.open(file) as again:
        again.load()
        same = again.convert("RGB").tobytes() == image.tobytes()
        print(f"written: {again.format} {again.size} {again.mode}, {'the same pixels' if same else 'other pixels'}")
