/** SPDX 2.3 in JSON of an image index. */
import { type IndexBill, imageUrl } from "./index-bill.js";
import { containerOf, DOCUMENT, documentOf, relationship } from "./spdx.js";

const INDEX = "SPDXRef-Index";

/** Equal bills give equal bytes. */
export function spdxIndexDocument({ image, images, toolVersion }: IndexBill): Buffer {
  const variants = images.map(({ facts, platform }) => ({
    id: `SPDXRef-Image-${platform.architecture}`,
    facts,
    platform,
  }));
  const contents = {
    packages: [
      containerOf(image, INDEX),
      ...variants.map(({ id, facts, platform }) => ({
        ...containerOf(facts, id),
        summary: `The image for ${platform.os}/${platform.architecture}`,
        externalRefs: [
          {
            referenceCategory: "PACKAGE-MANAGER",
            referenceType: "purl",
            referenceLocator: imageUrl(facts, platform),
          },
        ],
      })),
    ],
    relationships: [
      relationship(DOCUMENT, "DESCRIBES", INDEX),
      ...variants.map(({ id }) => relationship(id, "VARIANT_OF", INDEX)),
    ],
  };
  return documentOf(image, contents, toolVersion);
}
