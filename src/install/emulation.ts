/** How programs of an architecture are run while its packages are installed. */
export type Emulation =
  | { readonly kind: "native" }
  /** This machine's processors run them; `setarch` tells programs that they are what they think. */
  | { readonly kind: "compatible" }
  /** The system's binfmt_misc has an interpreter that need not be in the root; its path, where it can be seen. */
  | { readonly kind: "system"; readonly interpreter: string | null }
  /** An interpreter is registered in the binfmt_misc of a user namespace of the transaction's own. */
  | { readonly kind: "namespace"; readonly interpreter: string; readonly registration: string }
  | { readonly kind: "none"; readonly reason: string };
