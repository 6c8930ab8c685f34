/** Makes the large repository of metadata, see scripts/distribution/metadata-repository.ts. Prints what it has. */
import { resolve } from "node:path";
import { makeMetadataRepository } from "../scripts/distribution/metadata-repository.js";

/** This file is compiled to build/js/bench. */
export const largeRepository = resolve(import.meta.dirname, "../../../build/large-repository");

export const { packages, requirements } = await makeMetadataRepository(largeRepository);
