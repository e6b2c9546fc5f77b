/* libxml2.c [FOLDER]: trees, XPath, XInclude, schemas of three kinds, DTDs, HTML, canonical form, reader, writer, and files in FOLDER. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxml/HTMLparser.h>
#include <libxml/HTMLtree.h>
#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/pattern.h>
#include <libxml/relaxng.h>
#include <libxml/schematron.h>
#include <libxml/xinclude.h>
#include <libxml/xmlreader.h>
#include <libxml/xmlregexp.h>
#include <libxml/xmlsave.h>
#include <libxml/xmlschemas.h>
#include <libxml/xmlwriter.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

static const char planets[] = "<?xml version=\"1.0\"?>\n"
                              "<planets xmlns:m=\"urn:moons\">"
                              "<planet name=\"Earth\" mass=\"5.97\"><m:moon>Moon</m:moon></planet>"
                              "<planet name=\"Mars\" mass=\"0.64\"><m:moon>Phobos</m:moon><m:moon>Deimos</m:moon></planet>"
                              "<planet name=\"Venus\" mass=\"4.87\"/>"
                              "</planets>";

static void show(void *context, const xmlError *error)
{
    (void)context;
    printf("  %d:%d %s", error->domain, error->code, error->message);
}

static xmlDoc *read_text(const char *text)
{
    return xmlReadMemory(text, (int)strlen(text), "text.xml", NULL, XML_PARSE_NONET);
}

static void xpath(xmlDoc *doc)
{
    static const char *const questions[] = {
        "count(//planet)",
        "sum(//@mass)",
        "string(//planet[m:moon][last()]/@name)",
        "//planet[count(m:moon) = 0]/@name = 'Venus'",
        "translate(normalize-space('  wasi   sysroot '), 'aiou', 'AIOU')",
        "concat(//m:moon[1], '-', //planet[2]/m:moon[2])",
        "round(-1.5) + 7 mod 4 div 2",
    };
    xmlXPathContext *context = xmlXPathNewContext(doc);
    REQUIRE(context != NULL && xmlXPathRegisterNs(context, BAD_CAST "m", BAD_CAST "urn:moons") == 0);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        xmlXPathObject *object = xmlXPathEvalExpression(BAD_CAST questions[i], context);
        REQUIRE(object != NULL);
        xmlChar *string = xmlXPathCastToString(object);
        printf("%s: %s\n", questions[i], (char *)string);
        xmlFree(string);
        xmlXPathFreeObject(object);
    }
    REQUIRE(xmlXPathEvalExpression(BAD_CAST "//[", context) == NULL);
    xmlXPathFreeContext(context);
}

static void tree(xmlDoc *doc)
{
    xmlDoc *copy = xmlCopyDoc(doc, 1);
    xmlNode *root = xmlDocGetRootElement(copy);
    xmlNode *node = xmlNewTextChild(root, NULL, BAD_CAST "planet", BAD_CAST "<cold & far>");
    REQUIRE(xmlNewProp(node, BAD_CAST "name", BAD_CAST "Neptun\xe2\x99\x86") != NULL);
    xmlNode *first = xmlFirstElementChild(root);
    xmlUnlinkNode(first);
    xmlFreeNode(first);
    xmlChar *out = NULL;
    int length = 0;
    xmlDocDumpFormatMemoryEnc(copy, &out, &length, "ISO-8859-1", 1);
    printf("%s", (char *)out);
    xmlFree(out);
    xmlFreeDoc(copy);

    out = NULL;
    REQUIRE(xmlC14NDocDumpMemory(doc, NULL, XML_C14N_EXCLUSIVE_1_0, NULL, 0, &out) > 0);
    printf("canonical: %s\n", (char *)out);
    xmlFree(out);
}

static void schemas(xmlDoc *doc)
{
    static const char xsd[] = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>"
                              "<xs:element name='planets'><xs:complexType><xs:sequence>"
                              "<xs:element name='planet' maxOccurs='unbounded'><xs:complexType><xs:sequence>"
                              "<xs:any namespace='urn:moons' processContents='skip' minOccurs='0' maxOccurs='1'/></xs:sequence>"
                              "<xs:attribute name='name' type='xs:NCName' use='required'/>"
                              "<xs:attribute name='mass' type='xs:decimal'/>"
                              "</xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>";
    xmlSchemaParserCtxt *parser = xmlSchemaNewMemParserCtxt(xsd, sizeof xsd - 1);
    xmlSchema *schema = xmlSchemaParse(parser);
    REQUIRE(schema != NULL);
    xmlSchemaValidCtxt *valid = xmlSchemaNewValidCtxt(schema);
    printf("XML Schema: %s\n", xmlSchemaValidateDoc(valid, doc) > 0 ? "invalid" : "valid");
    xmlSchemaFreeValidCtxt(valid);
    xmlSchemaFree(schema);
    xmlSchemaFreeParserCtxt(parser);

    static const char rng[] = "<element name='planets' xmlns='http://relaxng.org/ns/structure/1.0' "
                              "datatypeLibrary='http://www.w3.org/2001/XMLSchema-datatypes'><oneOrMore>"
                              "<element name='planet'><attribute name='name'/><attribute name='mass'><data type='double'/></attribute>"
                              "<zeroOrMore><element name='moon' ns='urn:moons'><text/></element></zeroOrMore></element>"
                              "</oneOrMore></element>";
    xmlRelaxNGParserCtxt *ng_parser = xmlRelaxNGNewMemParserCtxt(rng, sizeof rng - 1);
    xmlRelaxNG *grammar = xmlRelaxNGParse(ng_parser);
    REQUIRE(grammar != NULL);
    xmlRelaxNGValidCtxt *ng_valid = xmlRelaxNGNewValidCtxt(grammar);
    printf("RELAX NG: %s\n", xmlRelaxNGValidateDoc(ng_valid, doc) == 0 ? "valid" : "invalid");
    xmlRelaxNGFreeValidCtxt(ng_valid);
    xmlRelaxNGFree(grammar);
    xmlRelaxNGFreeParserCtxt(ng_parser);

    static const char rules[] = "<schema xmlns='http://purl.oclc.org/dsdl/schematron'><pattern>"
                                "<rule context='planet'><assert test='@mass &gt; 1'>too light</assert></rule></pattern></schema>";
    xmlSchematronParserCtxt *tron_parser = xmlSchematronNewMemParserCtxt(rules, sizeof rules - 1);
    xmlSchematron *tron = xmlSchematronParse(tron_parser);
    REQUIRE(tron != NULL);
    xmlSchematronValidCtxt *tron_valid = xmlSchematronNewValidCtxt(tron, XML_SCHEMATRON_OUT_QUIET);
    printf("Schematron: %s\n", xmlSchematronValidateDoc(tron_valid, doc) == 0 ? "valid" : "invalid");
    xmlSchematronFreeValidCtxt(tron_valid);
    xmlSchematronFree(tron);
    xmlSchematronFreeParserCtxt(tron_parser);

    xmlParserCtxt *context = xmlNewParserCtxt();
    xmlDoc *with_dtd = xmlCtxtReadDoc(context, BAD_CAST "<!DOCTYPE a [<!ELEMENT a (b+)><!ELEMENT b EMPTY>]><a><b/><c/></a>", NULL, NULL,
                                      XML_PARSE_DTDVALID);
    printf("DTD: %s\n", with_dtd != NULL && context->valid ? "valid" : "invalid");
    xmlFreeDoc(with_dtd);
    xmlFreeParserCtxt(context);

    xmlRegexp *regexp = xmlRegexpCompile(BAD_CAST "(ab?c){2,3}");
    printf("regular expression: %d %d\n", xmlRegexpExec(regexp, BAD_CAST "acabc"), xmlRegexpExec(regexp, BAD_CAST "ac"));
    xmlRegFreeRegexp(regexp);
}

static void html(void)
{
    static const char soup[] = "<title>A &amp; B</title><p>one<p>two <b>bold<i>both</b></i><img src=x.png><script>if (a < b) c()</script>";
    htmlDocPtr doc = htmlReadMemory(soup, sizeof soup - 1, NULL, "UTF-8", HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_RECOVER);
    REQUIRE(doc != NULL);
    xmlChar *out = NULL;
    int length = 0;
    htmlDocDumpMemoryFormat(doc, &out, &length, 0);
    printf("%s", (char *)out);
    xmlFree(out);
    xmlFreeDoc(doc);
}

static void stream(const char *path)
{
    xmlTextWriter *writer = xmlNewTextWriterFilename(path, 9);
    REQUIRE(writer != NULL && xmlTextWriterStartDocument(writer, NULL, "UTF-8", NULL) >= 0);
    xmlTextWriterStartElement(writer, BAD_CAST "numbers");
    for (int i = 0; i < 1000; i++) REQUIRE(xmlTextWriterWriteFormatElement(writer, BAD_CAST "n", "%d", i * i) >= 0);
    REQUIRE(xmlTextWriterEndDocument(writer) >= 0);
    xmlFreeTextWriter(writer);
    FILE *f = fopen(path, "rb");
    REQUIRE(f != NULL && fgetc(f) == 0x1f && fgetc(f) == 0x8b && fclose(f) == 0);

    xmlTextReader *reader = xmlReaderForFile(path, NULL, XML_PARSE_UNZIP);
    REQUIRE(reader != NULL);
    long sum = 0;
    int elements = 0;
    while (xmlTextReaderRead(reader) == 1) {
        if (xmlTextReaderNodeType(reader) == XML_READER_TYPE_ELEMENT) elements++;
        if (xmlTextReaderNodeType(reader) == XML_READER_TYPE_TEXT) sum += atol((const char *)xmlTextReaderConstValue(reader));
    }
    xmlFreeTextReader(reader);
    REQUIRE(remove(path) == 0);
    printf("%d elements, written and read with gzip: sum %ld\n", elements, sum);
}

static void include(const char *path)
{
    FILE *f = fopen(path, "w");
    REQUIRE(f != NULL && fputs("<part>of a file</part>", f) >= 0 && fclose(f) == 0);
    char text[4400];
    snprintf(text, sizeof text,
             "<whole xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='%s'/>"
             "<xi:include href='no-such-file'><xi:fallback>instead</xi:fallback></xi:include></whole>",
             path);
    xmlDoc *doc = read_text(text);
    REQUIRE(doc != NULL);
    printf("included: %d\n", xmlXIncludeProcessFlags(doc, XML_PARSE_NOXINCNODE | XML_PARSE_NOBASEFIX));
    xmlChar *content = xmlNodeGetContent(xmlDocGetRootElement(doc));
    printf("%s\n", (char *)content);
    xmlFree(content);
    xmlFreeDoc(doc);
    REQUIRE(remove(path) == 0);
}

static void push(void)
{
    xmlParserCtxt *context = xmlCreatePushParserCtxt(NULL, NULL, NULL, 0, NULL);
    REQUIRE(context != NULL);
    for (size_t i = 0; i < sizeof planets - 1; i++) REQUIRE(xmlParseChunk(context, planets + i, 1, 0) == 0);
    REQUIRE(xmlParseChunk(context, NULL, 0, 1) == 0 && context->wellFormed);
    printf("byte by byte: %lu children\n", xmlChildElementCount(xmlDocGetRootElement(context->myDoc)));
    xmlFreeDoc(context->myDoc);
    xmlFreeParserCtxt(context);
}

int main(int argc, char **argv)
{
    char path[4096];
    LIBXML_TEST_VERSION
    printf("libxml2 %s\n", LIBXML_DOTTED_VERSION);
    REQUIRE(strncmp(xmlParserVersion, LIBXML_VERSION_STRING, strlen(LIBXML_VERSION_STRING)) == 0);
    xmlSetStructuredErrorFunc(NULL, show);
    xmlDoc *doc = read_text(planets);
    REQUIRE(doc != NULL);
    xpath(doc);
    tree(doc);
    schemas(doc);
    xmlFreeDoc(doc);
    html();
    push();
    snprintf(path, sizeof path, "%s/libxml2-test.xml.gz", argc > 1 ? argv[1] : ".");
    stream(path);
    snprintf(path, sizeof path, "%s/libxml2-part.xml", argc > 1 ? argv[1] : ".");
    include(path);
    REQUIRE(read_text("<a><b></a>") == NULL);
    REQUIRE(read_text("<?xml version='1.0' encoding='no-such'?><a/>") == NULL);
    xmlCleanupParser();
    puts("done");
    return 0;
}
