"""Asks an XML document questions in XPath and turns it into HTML with XSLT. Prints the answers and the versions of the libraries."""

from lxml import etree, objectify

print(f"libxml2 {'.'.join(map(str, etree.LIBXML_VERSION))}, libxslt {'.'.join(map(str, etree.LIBXSLT_VERSION))}")

document = etree.XML(b"""<libraries>
  <library group="text"><name>libxml2</name><files>46</files></library>
  <library group="text"><name>libxslt</name><files>29</files></library>
  <library group="images"><name>FreeType</name><files>35</files></library>
</libraries>""")
print("names:", document.xpath("library[@group = $group]/name/text()", group="text"))
print("files:", document.xpath("sum(//files)"))

transform = etree.XSLT(etree.XML(b"""<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
    xmlns:math="http://exslt.org/math" exclude-result-prefixes="math">
  <xsl:output method="html"/>
  <xsl:param name="title"/>
  <xsl:template match="/libraries">
    <html><h1><xsl:value-of select="$title"/></h1>
      <ol><xsl:for-each select="library"><xsl:sort select="files" data-type="number"/>
        <li><xsl:value-of select="concat(name, ': ', files)"/></li>
      </xsl:for-each></ol>
      <p><xsl:value-of select="math:max(library/files)"/></p>
    </html>
  </xsl:template>
</xsl:stylesheet>"""))
print(str(transform(document, title=etree.XSLT.strparam("By size"))).strip())
print("objectify:", objectify.fromstring(etree.tostring(document)).library[2].files + 1)
