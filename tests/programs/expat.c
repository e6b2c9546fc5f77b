/* expat.c: namespaces, entities, encodings, input in pieces, where errors are, and the limits that stop entity bombs. */
/* Before expat.h, which declares by it what the library was built with. */
#include <expat_config.h>

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

/* What the handlers saw, as one line. */
static char seen[8192];

static void add(const char *text, size_t length)
{
    size_t used = strlen(seen);
    REQUIRE(used + length < sizeof seen);
    memcpy(seen + used, text, length);
    seen[used + length] = '\0';
}

static void word(const char *text) { add(text, strlen(text)); }

static void show(const char *name)
{
    printf("%s: %s\n", name, seen);
    seen[0] = '\0';
}

static void XMLCALL start(void *data, const XML_Char *name, const XML_Char **attributes)
{
    XML_Parser parser = data;
    word("<"), word(name);
    for (int i = 0; attributes[i] != NULL; i += 2) {
        word(" "), word(attributes[i]), word("="), word(attributes[i + 1]);
        if (i >= XML_GetSpecifiedAttributeCount(parser))
            word(" by default");
    }
    word(">");
}

static void XMLCALL end(void *data, const XML_Char *name)
{
    (void)data;
    word("</"), word(name), word(">");
}

static void XMLCALL text(void *data, const XML_Char *string, int length)
{
    (void)data;
    add(string, (size_t)length);
}

static void XMLCALL comment(void *data, const XML_Char *string)
{
    (void)data;
    word("[comment:"), word(string), word("]");
}

static void XMLCALL instruction(void *data, const XML_Char *target, const XML_Char *string)
{
    (void)data;
    word("["), word(target), word(":"), word(string), word("]");
}

static void XMLCALL namespace_start(void *data, const XML_Char *prefix, const XML_Char *uri)
{
    (void)data;
    word("{"), word(prefix != NULL ? prefix : "-"), word("="), word(uri != NULL ? uri : "-"), word("}");
}

static void XMLCALL entity(void *data, const XML_Char *name, int parameter, const XML_Char *value, int length, const XML_Char *base,
                           const XML_Char *system_id, const XML_Char *public_id, const XML_Char *notation)
{
    (void)data, (void)base, (void)public_id, (void)notation;
    word(parameter ? "[%" : "[&"), word(name), word("=");
    if (value != NULL)
        add(value, (size_t)length);
    else
        word("at "), word(system_id);
    word("]");
}

/* What stands at each address. */
static int XMLCALL external(XML_Parser parser, const XML_Char *context, const XML_Char *base, const XML_Char *system_id,
                            const XML_Char *public_id)
{
    (void)base, (void)public_id;
    static const char dtd[] = "<!ENTITY % inner '<!ENTITY deep \"from the external subset\">'>%inner;<!ATTLIST a kind CDATA 'rock'>";
    static const char chapter[] = "<?xml version='1.0' encoding='ISO-8859-1'?><b>caf\xe9 &deep;</b>";
    XML_Parser inner = XML_ExternalEntityParserCreate(parser, context, NULL);
    REQUIRE(inner != NULL);
    const char *content = strcmp(system_id, "rocks.dtd") == 0 ? dtd : chapter;
    int status = XML_Parse(inner, content, (int)strlen(content), 1);
    XML_ParserFree(inner);
    return status == XML_STATUS_OK;
}

static XML_Parser parser_with_handlers(XML_Parser parser)
{
    REQUIRE(parser != NULL);
    XML_UseParserAsHandlerArg(parser);
    XML_SetElementHandler(parser, start, end);
    XML_SetCharacterDataHandler(parser, text);
    XML_SetCommentHandler(parser, comment);
    XML_SetProcessingInstructionHandler(parser, instruction);
    return parser;
}

/* The whole of `document`, `piece` bytes at a time. */
static enum XML_Status parse(XML_Parser parser, const char *document, size_t length, size_t piece)
{
    for (size_t at = 0; at < length; at += piece) {
        size_t some = length - at < piece ? length - at : piece;
        void *buffer = XML_GetBuffer(parser, (int)some);
        REQUIRE(buffer != NULL);
        memcpy(buffer, document + at, some);
        if (XML_ParseBuffer(parser, (int)some, at + some == length) != XML_STATUS_OK)
            return XML_STATUS_ERROR;
    }
    return XML_STATUS_OK;
}

static void features(void)
{
    const XML_Feature *feature = XML_GetFeatureList();
    for (; feature->feature != XML_FEATURE_END; feature++)
        printf("feature %s: %ld\n", feature->name, feature->value);
    printf("ge %d\n", XML_GE);
}

static void documents(void)
{
    static const char plain[] = "<?xml version='1.0'?><!--c--><a x='1' y='&lt;&#65;&#x20AC;'>t &amp; <![CDATA[<raw>]]><b/>"
                                "<?pi some data?></a>";
    for (size_t piece = 1; piece <= sizeof plain; piece += 50) {
        XML_Parser parser = parser_with_handlers(XML_ParserCreate(NULL));
        REQUIRE(parse(parser, plain, sizeof plain - 1, piece) == XML_STATUS_OK);
        XML_ParserFree(parser);
        show("plain");
    }

    static const char spaces[] = "<a xmlns='urn:one' xmlns:p='urn:two' p:x='1' x='2'><p:b xmlns=''><c/></p:b></a>";
    XML_Parser parser = parser_with_handlers(XML_ParserCreateNS(NULL, '|'));
    XML_SetStartNamespaceDeclHandler(parser, namespace_start);
    XML_SetReturnNSTriplet(parser, 1);
    REQUIRE(parse(parser, spaces, sizeof spaces - 1, 10) == XML_STATUS_OK);
    XML_ParserFree(parser);
    show("namespaces");

    static const char entities[] = "<!DOCTYPE a SYSTEM 'rocks.dtd' [<!ENTITY one 'first &two;'><!ENTITY two 'second'>"
                                   "<!ENTITY ch SYSTEM 'ch.xml'><!ATTLIST a order CDATA 'none'>]><a>&one;&ch;</a>";
    parser = parser_with_handlers(XML_ParserCreate("UTF-8"));
    XML_SetEntityDeclHandler(parser, entity);
    XML_SetExternalEntityRefHandler(parser, external);
    XML_SetParamEntityParsing(parser, XML_PARAM_ENTITY_PARSING_ALWAYS);
    REQUIRE(parse(parser, entities, sizeof entities - 1, 7) == XML_STATUS_OK);
    XML_ParserFree(parser);
    show("entities");

    static const char wide[] = "\xff\xfe<\0a\0>\0\xac\x20<\0/\0a\0>\0";
    parser = parser_with_handlers(XML_ParserCreate(NULL));
    REQUIRE(parse(parser, wide, sizeof wide - 1, 3) == XML_STATUS_OK);
    show("UTF-16");
    REQUIRE(XML_ParserReset(parser, NULL) == XML_TRUE);
    XML_UseParserAsHandlerArg(parser);
    XML_SetCharacterDataHandler(parser, text);
    REQUIRE(parse(parser, "<a>again</a>", 12, 12) == XML_STATUS_OK);
    XML_ParserFree(parser);
    show("reset");
}

static void wrong(const char *name, XML_Parser parser, const char *document)
{
    if (parse(parser, document, strlen(document), 5) == XML_STATUS_OK)
        printf("%s: not noticed\n", name);
    else
        printf("%s: %s, line %lu, column %lu, byte %ld\n", name, XML_ErrorString(XML_GetErrorCode(parser)),
               (unsigned long)XML_GetCurrentLineNumber(parser), (unsigned long)XML_GetCurrentColumnNumber(parser),
               (long)XML_GetCurrentByteIndex(parser));
    XML_ParserFree(parser);
    seen[0] = '\0';
}

static void XMLCALL stop(void *data, const XML_Char *name)
{
    (void)name;
    XML_StopParser(data, XML_TRUE);
}

static void errors(void)
{
    wrong("mismatch", XML_ParserCreate(NULL), "<a>\n  <b>\n  </c>\n</a>");
    wrong("unknown entity", XML_ParserCreate(NULL), "<a>\n&none;</a>");
    wrong("twice", XML_ParserCreate(NULL), "<a x='1'\n   x='2'/>");
    wrong("twice by namespace", XML_ParserCreateNS(NULL, '|'), "<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>");
    wrong("prefix", XML_ParserCreateNS(NULL, '|'), "<p:a/>");
    wrong("itself", XML_ParserCreate(NULL), "<!DOCTYPE a [<!ENTITY e '&e;'>]><a>&e;</a>");
    wrong("encoding", XML_ParserCreate(NULL), "<?xml version='1.0' encoding='no-such'?><a/>");
    wrong("bytes", XML_ParserCreate(NULL), "<a>\xff</a>");
    wrong("cut short", XML_ParserCreate(NULL), "<a><b>");
    wrong("nothing more", XML_ParserCreate(NULL), "<a/><a/>");

    XML_Parser parser = XML_ParserCreate(NULL);
    XML_UseParserAsHandlerArg(parser);
    XML_SetEndElementHandler(parser, stop);
    static const char document[] = "<a><b/>rest</a>";
    REQUIRE(XML_Parse(parser, document, sizeof document - 1, 1) == XML_STATUS_SUSPENDED);
    int offset, size;
    const char *context = XML_GetInputContext(parser, &offset, &size);
    REQUIRE(context != NULL && offset < size);
    printf("suspended: before %.*s, %d bytes known\n", size - offset, context + offset, size);
    XML_SetEndElementHandler(parser, NULL);
    REQUIRE(XML_ResumeParser(parser) == XML_STATUS_OK);
    XML_ParserFree(parser);
}

/* Ten entities, each ten times the one before: what a gigabyte of laughter is made of. */
static void bombs(void)
{
    static char document[4096];
    strcpy(document, "<!DOCTYPE a [<!ENTITY e0 'ha'>");
    for (int i = 1; i < 10; i++) {
        char piece[32];
        snprintf(piece, sizeof piece, "<!ENTITY e%d '", i);
        strcat(document, piece);
        snprintf(piece, sizeof piece, "&e%d;", i - 1);
        for (int times = 0; times < 10; times++)
            strcat(document, piece);
        strcat(document, "'>");
    }
    strcat(document, "]><a>&e9;</a>");
    XML_Parser parser = XML_ParserCreate(NULL);
    REQUIRE(parser != NULL);
    REQUIRE(XML_Parse(parser, document, (int)strlen(document), 1) == XML_STATUS_ERROR);
    printf("billion laughs: %s\n", XML_ErrorString(XML_GetErrorCode(parser)));
    XML_ParserFree(parser);

    parser = XML_ParserCreate(NULL);
    REQUIRE(XML_SetBillionLaughsAttackProtectionMaximumAmplification(parser, 1.5f));
    REQUIRE(XML_SetBillionLaughsAttackProtectionActivationThreshold(parser, 1));
    static const char small[] = "<!DOCTYPE a [<!ENTITY e 'hahahahahahahahahahahahahaha'>]><a>&e;&e;&e;&e;&e;&e;</a>";
    REQUIRE(XML_Parse(parser, small, sizeof small - 1, 1) == XML_STATUS_ERROR);
    printf("limit of our own: %s\n", XML_ErrorString(XML_GetErrorCode(parser)));
    XML_ParserFree(parser);

    parser = XML_ParserCreate(NULL);
    REQUIRE(XML_SetAllocTrackerMaximumAmplification(parser, 1.0f) && XML_SetAllocTrackerActivationThreshold(parser, 1));
    REQUIRE(XML_Parse(parser, small, sizeof small - 1, 1) == XML_STATUS_ERROR);
    printf("limit of memory: %s\n", XML_ErrorString(XML_GetErrorCode(parser)));
    XML_ParserFree(parser);
}

/* A document deep and wide; the names go through a hash table that is salted with random bytes. */
static void large(void)
{
    XML_Parser parser = XML_ParserCreate(NULL);
    REQUIRE(parser != NULL);
    char tag[64];
    enum { DEEP = 20000 };
    for (int i = 0; i < DEEP; i++) {
        int length = snprintf(tag, sizeof tag, "<e%d a%d='v'>", i, i);
        REQUIRE(XML_Parse(parser, tag, length, 0) == XML_STATUS_OK);
    }
    for (int i = DEEP; i-- > 0;) {
        int length = snprintf(tag, sizeof tag, "</e%d>\n", i);
        REQUIRE(XML_Parse(parser, tag, length, i == 0) == XML_STATUS_OK);
    }
    printf("%d elements deep, %lu lines\n", DEEP, (unsigned long)XML_GetCurrentLineNumber(parser));
    XML_ParserFree(parser);
}

int main(void)
{
    XML_Expat_Version version = XML_ExpatVersionInfo();
    REQUIRE(version.major == XML_MAJOR_VERSION && version.minor == XML_MINOR_VERSION && version.micro == XML_MICRO_VERSION);
    printf("%s\n", XML_ExpatVersion());
    features();
    documents();
    errors();
    bombs();
    large();
    puts("done");
    return 0;
}
