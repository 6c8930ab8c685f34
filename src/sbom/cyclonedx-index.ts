/** CycloneDX 1.6 in JSON of an image index. */
import { bomOf, containerOf, documentOf } from "./cyclonedx.js";
import { type IndexBill, imageUrl } from "./index-bill.js";

/** Equal bills give equal bytes. */
export function cyclonedxIndexDocument({ image, images, toolVersion }: IndexBill): Buffer {
  const subject = containerOf(image, { bomRef: image.digest });
  const bom = bomOf(image, subject, toolVersion);
  for (const { facts, platform } of images) {
    const component = containerOf(facts, { bomRef: facts.digest, purl: imageUrl(facts, platform) });
    component.description = `The image for ${platform.os}/${platform.architecture}`;
    bom.components.add(component);
    subject.dependencies.add(component.bomRef);
  }
  return documentOf(image, bom);
}
