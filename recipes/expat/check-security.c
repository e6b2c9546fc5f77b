/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the patches of expat fix, through its public functions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

static int failures;

#define CHECK(condition)                             \
  do {                                               \
    if (!(condition)) {                              \
      failures++;                                    \
      printf("line %d: %s\n", __LINE__, #condition); \
    }                                                \
  } while (0)

/* CVE-2026-66046: an element with many attributes that have to be normalized. */

static unsigned normalized;

static void XMLCALL count_normalized(void *data, const XML_Char *name, const XML_Char **attributes) {
  (void)data, (void)name;
  for (; attributes[0]; attributes += 2) normalized += strcmp(attributes[1], "x y") == 0;
}

static void many_attributes(unsigned count) {
  size_t size = 0;
  char *document = malloc((size_t)count * 48 + 100);
  size += sprintf(document + size, "<!DOCTYPE d [<!ATTLIST d");
  for (unsigned i = 0; i < count; i++) size += sprintf(document + size, " a%u NMTOKENS #IMPLIED", i);
  size += sprintf(document + size, ">]><d");
  for (unsigned i = 0; i < count; i++) size += sprintf(document + size, " a%u=' x  y'", i);
  size += sprintf(document + size, "/>");
  XML_Parser parser = XML_ParserCreate(NULL);
  XML_SetStartElementHandler(parser, count_normalized);
  normalized = 0;
  CHECK(XML_Parse(parser, document, (int)size, 1) == XML_STATUS_OK);
  CHECK(normalized == count);
  XML_ParserFree(parser);
  free(document);
}

/* CVE-2026-76641: the same in a parser of an external entity, which works on a copy of what was declared. The first declaration counts. */

static char values[200];

static void XMLCALL note_values(void *data, const XML_Char *name, const XML_Char **attributes) {
  (void)data, (void)name;
  for (; attributes[0]; attributes += 2) {
    strcat(strcat(strcat(values, attributes[0]), "="), attributes[1]);
    strcat(values, ";");
  }
}

static int XMLCALL parse_external(XML_Parser parser, const XML_Char *context, const XML_Char *base, const XML_Char *system,
                                  const XML_Char *public) {
  (void)base, (void)system, (void)public;
  static const char entity[] = "<e b=' 1  2 ' c=' 1  2 ' a=' 1  2 ' z=' 1  2 '/>";
  XML_Parser inner = XML_ExternalEntityParserCreate(parser, context, NULL);
  CHECK(inner && XML_Parse(inner, entity, (int)strlen(entity), 1) == XML_STATUS_OK);
  XML_ParserFree(inner);
  return 1;
}

static void external_entities(void) {
  static const char document[] =
      "<!DOCTYPE d [<!ENTITY x SYSTEM 'x'>"
      "<!ATTLIST e a NMTOKENS #IMPLIED b CDATA #IMPLIED c NMTOKENS #IMPLIED a CDATA #IMPLIED b NMTOKENS #IMPLIED>]>"
      "<d><e a=' 1  2 ' b=' 1  2 ' c=' 1  2 '/>&x;</d>";
  XML_Parser parser = XML_ParserCreate(NULL);
  XML_SetStartElementHandler(parser, note_values);
  XML_SetExternalEntityRefHandler(parser, parse_external);
  CHECK(XML_Parse(parser, document, (int)strlen(document), 1) == XML_STATUS_OK);
  CHECK(strcmp(values, "a=1 2;b= 1  2 ;c=1 2;b= 1  2 ;c=1 2;a=1 2;z= 1  2 ;") == 0);
  XML_ParserFree(parser);
}

/* CVE-2026-76957: the callbacks of an encoding of the application's own must not reach into the parser that calls them. */

static int converted, released;

static void refused(XML_Parser parser) {
  CHECK(XML_Parse(parser, "x", 1, 0) == XML_STATUS_ERROR);
  CHECK(XML_GetBuffer(parser, 10) == NULL);
  CHECK(XML_ParseBuffer(parser, 0, 0) == XML_STATUS_ERROR);
  CHECK(XML_ResumeParser(parser) == XML_STATUS_ERROR);
  CHECK(XML_ParserReset(parser, NULL) == XML_FALSE);
  XML_ParserFree(parser); /* does nothing */
}

static int XMLCALL convert(void *data, const char *bytes) {
  if (converted++ == 0) refused(data);
  return bytes[1];
}

static void XMLCALL release(void *data) {
  if (released++ == 0) refused(data);
}

static int XMLCALL unknown_encoding(void *parser, const XML_Char *name, XML_Encoding *encoding) {
  for (int i = 0; i < 256; i++) encoding->map[i] = i < 0x80 ? i : -2; /* two bytes, of which the second is the character */
  encoding->data = parser;
  encoding->convert = convert;
  encoding->release = release;
  return strcmp(name, "refused") != 0;
}

static XML_Parser with_encoding(const char *document, enum XML_Status expected) {
  converted = released = 0;
  XML_Parser parser = XML_ParserCreate(NULL);
  XML_SetUnknownEncodingHandler(parser, unknown_encoding, parser);
  CHECK(XML_Parse(parser, document, (int)strlen(document), 1) == expected);
  return parser;
}

static void encodings(void) {
  static const char document[] = "<?xml version='1.0' encoding='ours'?><d>\x80\x41\x81\x42</d>";
  XML_Parser parser = with_encoding(document, XML_STATUS_OK);
  CHECK(converted > 0 && released == 0);
  XML_ParserFree(parser);
  CHECK(released == 1);
  parser = with_encoding(document, XML_STATUS_OK);
  CHECK(XML_ParserReset(parser, NULL) == XML_TRUE && released == 1);
  XML_ParserFree(parser);
  CHECK(released == 1);
  parser = with_encoding("<?xml version='1.0' encoding='refused'?><d/>", XML_STATUS_ERROR);
  CHECK(XML_GetErrorCode(parser) == XML_ERROR_UNKNOWN_ENCODING && released == 1 && converted == 0);
  XML_ParserFree(parser);
  CHECK(released == 1);
}

/* CVE-2026-93990: in UTF-16, '[' in `text` stands for a high surrogate, ']' for a low one. */

static enum XML_Error utf16(const char *text, int big) {
  char document[400];
  size_t size = 0;
  document[size++] = big ? '\xfe' : '\xff';
  document[size++] = big ? '\xff' : '\xfe';
  for (; *text; text++) {
    unsigned unit = *text == '[' ? 0xd83d : *text == ']' ? 0xde00 : (unsigned char)*text;
    document[size++] = (char)(big ? unit >> 8 : unit & 0xff);
    document[size++] = (char)(big ? unit & 0xff : unit >> 8);
  }
  XML_Parser parser = XML_ParserCreate(NULL);
  enum XML_Error error = XML_Parse(parser, document, (int)size, 1) == XML_STATUS_OK ? XML_ERROR_NONE : XML_GetErrorCode(parser);
  XML_ParserFree(parser);
  /* And byte by byte, so that no character comes whole. */
  parser = XML_ParserCreate(NULL);
  XML_SetReparseDeferralEnabled(parser, XML_FALSE);
  enum XML_Status status = XML_STATUS_OK;
  for (size_t i = 0; i < size && status == XML_STATUS_OK; i++) status = XML_Parse(parser, document + i, 1, i + 1 == size);
  CHECK((status == XML_STATUS_OK) == (error == XML_ERROR_NONE));
  XML_ParserFree(parser);
  return error;
}

static void surrogates(void) {
  static const char *const places[] = {
      "<d>@</d>", "<d><![CDATA<@]>]></d>", "<d a='@'/>", "<d><!--@--></d>", "<d><?p @?></d>", "<!DOCTYPE d SYSTEM '@'><d/>", "<d>x@",
  };
  for (int big = 0; big < 2; big++) {
    CHECK(utf16("<d>[]</d>", big) == XML_ERROR_NONE);
    CHECK(utf16("<d a='[]'><!--[]--><?p []?></d>", big) == XML_ERROR_NONE);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
      static const char *const bad[] = {"[", "[x", "[[", "[<y/>", "]", "[[]", "[]["};
      for (size_t j = 0; j < sizeof bad / sizeof *bad; j++) {
        char text[200];
        const char *at = strchr(places[i], '@');
        sprintf(text, "%.*s%s%s", (int)(at - places[i]), places[i], bad[j], at + 1);
        CHECK(utf16(text, big) != XML_ERROR_NONE);
      }
    }
    CHECK(utf16("<d>[<e/></d>", big) == XML_ERROR_INVALID_TOKEN);
  }
}

/* CVE-2026-77214: no more is parsed than the buffer holds. */

static void buffers(void) {
  XML_Parser parser = XML_ParserCreate(NULL);
  CHECK(XML_ParseBuffer(parser, 0, 0) == XML_STATUS_ERROR && XML_GetErrorCode(parser) == XML_ERROR_NO_BUFFER);
  char *buffer = XML_GetBuffer(parser, 3);
  memcpy(buffer, "<d>", 3);
  CHECK(XML_ParseBuffer(parser, 1 << 30, 0) == XML_STATUS_ERROR && XML_GetErrorCode(parser) == XML_ERROR_INVALID_ARGUMENT);
  CHECK(XML_ParseBuffer(parser, 3, 0) == XML_STATUS_OK);
  /* What one call took the next can't have; a second XML_GetBuffer makes room again. */
  enum { LARGE = 1 << 20 };
  for (int i = 0; i < 2; i++) {
    memset(XML_GetBuffer(parser, LARGE), 'x', LARGE);
    CHECK(XML_ParseBuffer(parser, LARGE, 0) == XML_STATUS_OK);
    CHECK(XML_ParseBuffer(parser, 4 * LARGE, 0) == XML_STATUS_ERROR && XML_GetErrorCode(parser) == XML_ERROR_INVALID_ARGUMENT);
  }
  /* The parser is as it was. */
  CHECK(XML_Parse(parser, "</d>", 4, 1) == XML_STATUS_OK);
  XML_ParserFree(parser);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "many-attributes") == 0) many_attributes(400000);
  else {
    many_attributes(1000);
    external_entities();
    encodings();
    surrogates();
    buffers();
  }
  printf("%d failures\n", failures);
  return failures != 0;
}
