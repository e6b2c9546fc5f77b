/* libxslt.c [FOLDER]: templates, keys, sorting, numbering, EXSLT's modules, several documents, what is forbidden, and files in FOLDER. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libexslt/exslt.h>
#include <libxml/parser.h>
#include <libxml/xpathInternals.h>
#include <libxslt/extensions.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/xsltutils.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

#define XSL "http://www.w3.org/1999/XSL/Transform"
#define STYLE(inner)                                                                                                     \
    "<xsl:stylesheet version='1.0' xmlns:xsl='" XSL "' xmlns:math='http://exslt.org/math' xmlns:str='http://exslt.org/strings' " \
    "xmlns:date='http://exslt.org/dates-and-times' xmlns:set='http://exslt.org/sets' xmlns:func='http://exslt.org/functions' "   \
    "xmlns:exsl='http://exslt.org/common' xmlns:dyn='http://exslt.org/dynamic' xmlns:my='urn:my' "                               \
    "extension-element-prefixes='func exsl' exclude-result-prefixes='math str date set dyn my'>" inner "</xsl:stylesheet>"

static const char stock[] = "<stock><item kind='tool' price='12.50'>hammer</item><item kind='tool' price='3.99'>file</item>"
                            "<item kind='part' price='0.05'>screw</item><item kind='part' price='0.07'>nut</item></stock>";

static void message(void *context, const char *format, ...)
{
    va_list arguments;
    (void)context;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
}

static void silent(void *context, const char *format, ...)
{
    (void)context;
    (void)format;
}

static xsltStylesheet *parse(const char *text)
{
    xmlDoc *doc = xmlReadMemory(text, (int)strlen(text), "style.xsl", NULL, XSLT_PARSE_OPTIONS);
    REQUIRE(doc != NULL);
    xsltStylesheet *style = xsltParseStylesheetDoc(doc);
    if (style == NULL) xmlFreeDoc(doc);
    return style;
}

static void transform(const char *title, const char *text, xmlDoc *doc, const char **parameters)
{
    xsltStylesheet *style = parse(text);
    REQUIRE(style != NULL);
    xmlDoc *result = xsltApplyStylesheet(style, doc, parameters);
    xmlChar *out = NULL;
    int length = 0;
    REQUIRE(result != NULL && xsltSaveResultToString(&out, &length, result, style) == 0);
    printf("%s: %s\n", title, out != NULL ? (char *)out : "");
    xmlFree(out);
    xmlFreeDoc(result);
    xsltFreeStylesheet(style);
}

/* my:reverse(string) */
static void reverse(xmlXPathParserContext *context, int count)
{
    REQUIRE(count == 1);
    xmlChar *string = xmlXPathPopString(context);
    for (int i = 0, j = xmlStrlen(string) - 1; i < j; i++, j--) {
        xmlChar one = string[i];
        string[i] = string[j];
        string[j] = one;
    }
    xmlXPathReturnString(context, string);
}

static void forbidden(const char *folder, xmlDoc *doc)
{
    char text[8192], path[4096];
    snprintf(path, sizeof path, "%s/libxslt-part.xml", folder);
    snprintf(text, sizeof text,
             STYLE("<xsl:output method='text'/><xsl:template match='/'><exsl:document href='%s'><part><xsl:value-of select='count(//item)'/>"
                   "</part></exsl:document>written</xsl:template>"),
             path);
    transform("a second document", text, doc, NULL);
    xmlDoc *part = xmlReadFile(path, NULL, 0);
    REQUIRE(part != NULL);
    xmlChar *content = xmlNodeGetContent(xmlDocGetRootElement(part));
    printf("it has %s\n", (char *)content);
    xmlFree(content);
    xmlFreeDoc(part);
    REQUIRE(remove(path) == 0);

    xsltSecurityPrefs *rules = xsltNewSecurityPrefs();
    REQUIRE(xsltSetSecurityPrefs(rules, XSLT_SECPREF_WRITE_FILE, xsltSecurityForbid) == 0);
    xsltStylesheet *style = parse(text);
    xsltTransformContext *context = xsltNewTransformContext(style, doc);
    REQUIRE(xsltSetCtxtSecurityPrefs(rules, context) == 0);
    xsltSetTransformErrorFunc(context, NULL, silent);
    xmlDoc *result = xsltApplyStylesheetUser(style, doc, NULL, NULL, NULL, context);
    FILE *f = fopen(path, "r");
    printf("forbidden: %s\n", f == NULL ? "no file" : "a file");
    xmlFreeDoc(result);
    xsltFreeTransformContext(context);
    xsltFreeStylesheet(style);
    xsltFreeSecurityPrefs(rules);
}

int main(int argc, char **argv)
{
    REQUIRE(xsltLibxsltVersion == LIBXSLT_VERSION && exsltLibexsltVersion == LIBEXSLT_VERSION);
    printf("libxslt %s, libexslt %s\n", LIBXSLT_DOTTED_VERSION, LIBEXSLT_DOTTED_VERSION);
    xsltSetGenericErrorFunc(NULL, message);
    exsltRegisterAll();
    REQUIRE(xsltRegisterExtModuleFunction(BAD_CAST "reverse", BAD_CAST "urn:my", reverse) == 0);
    xmlDoc *doc = xmlReadMemory(stock, sizeof stock - 1, "stock.xml", NULL, 0);
    REQUIRE(doc != NULL);

    transform("sorted", STYLE("<xsl:output omit-xml-declaration='yes'/><xsl:template match='stock'><list><xsl:for-each select='item'>"
                              "<xsl:sort select='@price' data-type='number' order='descending'/>"
                              "<i n='{position()}'><xsl:number format='I'/>: <xsl:value-of select='.'/></i></xsl:for-each></list></xsl:template>"),
              doc, NULL);
    transform("keys", STYLE("<xsl:output method='text'/><xsl:key name='k' match='item' use='@kind'/><xsl:param name='kind'/><xsl:template match='/'>"
                            "<xsl:for-each select=\"key('k', $kind)\"><xsl:value-of select=\"concat(., ' ')\"/></xsl:for-each>"
                            "<xsl:value-of select=\"format-number(sum(key('k', $kind)/@price), '#,##0.000')\"/></xsl:template>"),
              doc, (const char *[]){"kind", "'part'", NULL});
    transform("html", STYLE("<xsl:output method='html'/><xsl:template match='/'><html><body><br/><p title='a &lt; b'>&lt;</p>"
                            "<script>if (a &lt; b) c();</script></body></html></xsl:template>"),
              doc, NULL);
    transform("EXSLT", STYLE("<xsl:output method='text'/><func:function name='my:square'><xsl:param name='x'/><func:result select='$x * $x'/>"
                             "</func:function><xsl:template match='/'>"
                             "<xsl:value-of select='math:max(//@price)'/>|<xsl:value-of select=\"str:padding(5, 'ab')\"/>|"
                             "<xsl:value-of select=\"count(str:tokenize('a b,c', ' ,'))\"/>|<xsl:value-of select='count(set:distinct(//@kind))'/>|"
                             "<xsl:value-of select=\"date:add('2026-01-31T00:00:00Z', 'P1M')\"/>|<xsl:value-of select=\"date:day-name('2026-11-27')\"/>|"
                             "<xsl:value-of select=\"dyn:evaluate('1 + 2')\"/>|<xsl:value-of select='my:square(12)'/>|"
                             "<xsl:value-of select=\"my:reverse('wasi')\"/>|<xsl:value-of select=\"str:encode-uri('a b', true())\"/>"
                             "</xsl:template>"),
              doc, NULL);
    transform("a message", STYLE("<xsl:output method='text'/><xsl:template match='/'><xsl:message>said</xsl:message>ok</xsl:template>"), doc, NULL);
    forbidden(argc > 1 ? argv[1] : ".", doc);

    REQUIRE(parse(STYLE("<xsl:template match='['/>")) == NULL);
    REQUIRE(!xsltExtModuleFunctionLookup(BAD_CAST "md5", BAD_CAST "http://exslt.org/crypto"));
    xsltSetGenericErrorFunc(NULL, silent);
    xsltMaxDepth = 100;
    xsltStylesheet *style = parse(STYLE("<xsl:template match='/' name='again'><xsl:call-template name='again'/></xsl:template>"));
    xmlDoc *result = xsltApplyStylesheet(style, doc, NULL);
    printf("without end: %s\n", result == NULL ? "refused" : "not refused");
    xmlFreeDoc(result);
    xsltFreeStylesheet(style);
    xmlFreeDoc(doc);
    xsltCleanupGlobals();
    xmlCleanupParser();
    puts("done");
    return 0;
}
