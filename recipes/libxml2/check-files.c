/* SPDX-License-Identifier: MIT */
/* What libxml2 does with files, descriptors and compression where there is no dup. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlreader.h>
#include <libxml/xmlsave.h>

static int failures;

#define EXPECT(condition)                                                                  \
  do {                                                                                     \
    if (!(condition)) printf("line %d: not true: %s\n", __LINE__, #condition), failures++; \
  } while (0)

static const char text[] = "<?xml version=\"1.0\"?>\n<root><a>some text</a><b/></root>\n";

static void quiet(void *context, const xmlError *error) {
  (void)context;
  (void)error;
}

static void put(const char *path, const void *bytes, size_t length) {
  FILE *f = fopen(path, "wb");
  EXPECT(f != NULL);
  EXPECT(fwrite(bytes, 1, length, f) == length && fclose(f) == 0);
}

static size_t get(const char *path, unsigned char *bytes, size_t room) {
  FILE *f = fopen(path, "rb");
  EXPECT(f != NULL);
  if (f == NULL) return 0;
  size_t length = fread(bytes, 1, room, f);
  fclose(f);
  return length;
}

static int is_it(xmlDoc *doc) {
  xmlNode *root = xmlDocGetRootElement(doc);
  int right = root != NULL && xmlStrEqual(root->name, BAD_CAST "root") && xmlChildElementCount(root) == 2;
  xmlFreeDoc(doc);
  return right;
}

static int open_count(void) {
  int count = 0;
  for (int fd = 0; fd < 64; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static void descriptors(void) {
  put("plain.xml", text, sizeof text - 1);
  int before = open_count();
  EXPECT(is_it(xmlReadFile("plain.xml", NULL, 0)));
  EXPECT(is_it(xmlReadFile("plain.xml", NULL, XML_PARSE_UNZIP)));
  EXPECT(is_it(xmlReadFile("file:///plain.xml", NULL, 0)));
  EXPECT(open_count() == before);

  /* A caller's descriptor stays open, wherever it was read from. */
  int fd = open("plain.xml", O_RDONLY);
  EXPECT(fd >= 0);
  EXPECT(is_it(xmlReadFd(fd, "plain.xml", NULL, 0)));
  EXPECT(lseek(fd, 0, SEEK_SET) == 0);
  EXPECT(is_it(xmlReadFd(fd, "plain.xml", NULL, XML_PARSE_UNZIP)));
  EXPECT(lseek(fd, 0, SEEK_SET) == 0);
  xmlTextReader *reader = xmlReaderForFd(fd, NULL, NULL, 0);
  EXPECT(reader != NULL);
  int nodes = 0;
  while (xmlTextReaderRead(reader) == 1) nodes++;
  EXPECT(nodes == 6);
  xmlFreeTextReader(reader);
  EXPECT(lseek(fd, 0, SEEK_SET) == 0);
  htmlDocPtr html = htmlReadFd(fd, NULL, NULL, HTML_PARSE_NOERROR);
  EXPECT(html != NULL);
  xmlFreeDoc(html);
  EXPECT(close(fd) == 0);
  EXPECT(open_count() == before);

  EXPECT(xmlReadFile("missing.xml", NULL, 0) == NULL);
  EXPECT(xmlGetLastError()->code == XML_IO_ENOENT);
  EXPECT(xmlReadFile("/", NULL, 0) == NULL);
  EXPECT(open_count() == before);
}

static void saving(void) {
  unsigned char bytes[4096];
  int before = open_count();
  xmlDoc *doc = xmlReadMemory(text, sizeof text - 1, NULL, NULL, 0);
  EXPECT(xmlSaveFile("saved.xml", doc) == (int)sizeof text - 1);
  EXPECT(get("saved.xml", bytes, sizeof bytes) == sizeof text - 1 && memcmp(bytes, text, sizeof text - 1) == 0);

  int fd = open("fd.xml", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  xmlSaveCtxt *save = xmlSaveToFd(fd, NULL, 0);
  EXPECT(save != NULL && xmlSaveDoc(save, doc) >= 0 && xmlSaveFinish(save) == XML_ERR_OK);
  EXPECT(close(fd) == 0);
  EXPECT(get("fd.xml", bytes, sizeof bytes) == sizeof text - 1);

  xmlSetDocCompressMode(doc, 9);
  EXPECT(xmlSaveFile("packed.xml.gz", doc) > 0);
  EXPECT(get("packed.xml.gz", bytes, sizeof bytes) > 18 && bytes[0] == 0x1f && bytes[1] == 0x8b);
  EXPECT(is_it(xmlReadFile("packed.xml.gz", NULL, XML_PARSE_UNZIP)));
  EXPECT(xmlReadFile("packed.xml.gz", NULL, 0) == NULL);
  fd = open("packed.xml.gz", O_RDONLY);
  EXPECT(xmlReadFd(fd, NULL, NULL, XML_PARSE_UNZIP) == NULL);
  EXPECT(close(fd) == 0);

  /* Standard output is not closed, and not compressed. */
  EXPECT(xmlSaveFile("-", doc) == -1);
  xmlSetDocCompressMode(doc, 0);
  EXPECT(xmlSaveFile("-", doc) == (int)sizeof text - 1);
  EXPECT(xmlSaveFile("-", doc) == (int)sizeof text - 1);
  xmlFreeDoc(doc);
  EXPECT(open_count() == before);
}

/* What libxml2 knows itself, and what it has the C library's iconv for. */
static void encodings(void) {
  static const struct {
    const char *name, *bytes;
    int length;
    const char *utf8;
  } known[] = {
      {"ISO-8859-1", "\xe4", 1, "\xc3\xa4"},
      {"ISO-8859-2", "\xb1", 1, "\xc4\x85"},
      {"ISO-8859-5", "\xd0", 1, "\xd0\xb0"},
      {"ISO-8859-15", "\xa4", 1, "\xe2\x82\xac"},
      {"ISO-8859-16", "\xde", 1, "\xc8\x9a"},
      {"UTF-16LE", "\xac\x20", 2, "\xe2\x82\xac"},
      {"UTF-16BE", "\x20\xac", 2, "\xe2\x82\xac"},
      {"ASCII", "x", 1, "x"},
      {"UTF-32LE", "\x00\xf6\x01\x00", 4, "\xf0\x9f\x98\x80"},
      {"EUC-JP", "\xa4\xa2", 2, "\xe3\x81\x82"},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    xmlCharEncodingHandler *handler = NULL;
    EXPECT(xmlOpenCharEncodingHandler(known[i].name, 0, &handler) == XML_ERR_OK);
    xmlBuffer *in = xmlBufferCreate(), *out = xmlBufferCreate();
    xmlBufferAdd(in, BAD_CAST known[i].bytes, known[i].length);
    EXPECT(xmlCharEncInFunc(handler, out, in) > 0);
    if (strcmp((const char *)xmlBufferContent(out), known[i].utf8) != 0) printf("%s\n", known[i].name), failures++;
    xmlBufferFree(in);
    xmlBufferFree(out);
    xmlCharEncCloseFunc(handler);
  }
  xmlCharEncodingHandler *handler = NULL;
  EXPECT(xmlOpenCharEncodingHandler("NO-SUCH", 0, &handler) == XML_ERR_UNSUPPORTED_ENCODING);
  EXPECT(xmlHasFeature(XML_WITH_ICONV) && !xmlHasFeature(XML_WITH_THREAD) && !xmlHasFeature(XML_WITH_MODULES));
  EXPECT(xmlHasFeature(XML_WITH_ZLIB) && xmlHasFeature(XML_WITH_ISO8859X) && xmlHasFeature(XML_WITH_SCHEMATRON));
}

/* As deep as the library allows: its stack has 64 KiB here. */
static void depth(void) {
  enum { DEEP = 2048 };
  static char deep[DEEP * 7 + 1];
  char *at = deep;
  for (int i = 0; i < DEEP; i++) at = stpcpy(at, "<a>");
  for (int i = 0; i < DEEP; i++) at = stpcpy(at, "</a>");
  xmlDoc *doc = xmlReadMemory(deep, (int)(at - deep), NULL, NULL, XML_PARSE_HUGE);
  EXPECT(doc != NULL);
  xmlDoc *copy = xmlCopyDoc(doc, 1);
  EXPECT(copy != NULL);
  xmlChar *written = NULL;
  int length = 0;
  xmlDocDumpMemory(copy, &written, &length);
  EXPECT(length > DEEP * 7 - 10);
  xmlFree(written);
  xmlFreeDoc(copy);
  xmlFreeDoc(doc);
  at = deep;
  for (int i = 0; i < 300; i++) at = stpcpy(at, "<a>");
  EXPECT(xmlReadMemory(deep, (int)(at - deep), NULL, NULL, 0) == NULL);
  EXPECT(xmlGetLastError()->code == XML_ERR_RESOURCE_LIMIT);
}

int main(void) {
  LIBXML_TEST_VERSION
  xmlSetStructuredErrorFunc(NULL, quiet);
  descriptors();
  saving();
  encodings();
  depth();
  xmlCleanupParser();
  printf("%d failures\n", failures);
  return failures != 0;
}
