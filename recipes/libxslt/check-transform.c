/* SPDX-License-Identifier: MIT */
/* check-transform [--xinclude] [--in FOLDER] STYLE DOCUMENT: what xsltproc does with them, to standard output. Whatever else is written, a file
 * beside it with the ending .orig says what it should be.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libxml/parser.h>
#include <libxml/xinclude.h>
#include <libxslt/transform.h>
#include <libxslt/xsltutils.h>
#include <libexslt/exslt.h>

static size_t content(const char *path, char **bytes) {
  FILE *f = fopen(path, "rb");
  if (f == NULL) return 0;
  *bytes = malloc(1 << 20);
  size_t length = fread(*bytes, 1, 1 << 20, f);
  fclose(f);
  return length;
}

static int differs(const char *orig) {
  char path[256], *a = NULL, *b = NULL;
  snprintf(path, sizeof path, "%.*s.html", (int)(strlen(orig) - 5), orig);
  size_t length = content(orig, &a);
  int differ = content(path, &b) != length || length == 0 || memcmp(a, b, length) != 0;
  if (differ) fprintf(stderr, "%s is not as it should be\n", path);
  free(a);
  free(b);
  return differ;
}

int main(int argc, char **argv) {
  int at = 1, xinclude = 0, differ = 0;
  if (at < argc && strcmp(argv[at], "--xinclude") == 0) xinclude = 1, at++;
  if (at + 1 < argc && strcmp(argv[at], "--in") == 0) {
    if (chdir(argv[at + 1]) != 0) return 2;
    at += 2;
  }
  if (at + 2 != argc) return 2;
  exsltRegisterAll();
  xsltSetXIncludeDefault(xinclude);
  xsltStylesheet *style = xsltParseStylesheetFile((const xmlChar *)argv[at]);
  xmlDoc *document = xmlReadFile(argv[at + 1], NULL, XSLT_PARSE_OPTIONS);
  if (style == NULL || document == NULL) return 3;
  if (xinclude && xmlXIncludeProcessFlags(document, XSLT_PARSE_OPTIONS) < 0) return 4;
  xmlDoc *result = xsltApplyStylesheet(style, document, NULL);
  if (result == NULL || xsltSaveResultToFile(stdout, result, style) < 0) return 5;
  xmlFreeDoc(result);
  xmlFreeDoc(document);
  xsltFreeStylesheet(style);
  xsltCleanupGlobals();
  xmlCleanupParser();
  glob_t found;
  if (glob("out/*.orig", 0, NULL, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; i++) differ += differs(found.gl_pathv[i]);
  return differ == 0 ? 0 : 6;
}
