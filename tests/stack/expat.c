#include "stack.h"

#include <expat.h>

static char document[4000000];

static void parse(enum XML_Status expected) {
    XML_Parser parser = XML_ParserCreateNS(NULL, ' ');
    XML_SetParamEntityParsing(parser, XML_PARAM_ENTITY_PARSING_ALWAYS);
    REQUIRE(XML_Parse(parser, document, (int)strlen(document), 1) == expected);
    XML_ParserFree(parser);
}

int main(void) {
    char *at = document;
    for (int i = 0; i < 100000; i++) at += sprintf(at, "<d>");
    for (int i = 0; i < 100000; i++) at += sprintf(at, "</d>");
    parse(XML_STATUS_OK);
    at = document + sprintf(document, "<!DOCTYPE d [<!ELEMENT d ");
    for (int i = 0; i < 50000; i++) *at++ = '(';
    *at++ = 'e';
    for (int i = 0; i < 50000; i++) *at++ = ')';
    sprintf(at, ">]><d/>");
    parse(XML_STATUS_OK);
    /* Entities of entities, general ones and parameters. */
    at = document + sprintf(document, "<!DOCTYPE d [<!ENTITY e0 'x'><!ENTITY %% p0 ''>");
    for (int i = 1; i < 5000; i++) at += sprintf(at, "<!ENTITY e%d '&e%d;'><!ENTITY %% p%d '&#37;p%d;'>", i, i - 1, i, i - 1);
    sprintf(at, "%%p4999;]><d a='&e4999;'>&e4999;</d>");
    parse(XML_STATUS_OK);
}
