/** Who pushes. */
export type Credentials = {
  /** The file, or the helper, that they are from; for messages. */
  readonly source: string;
} & (
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** A refresh token of OAuth 2. */
  | { readonly kind: "identity"; readonly token: string }
  /** Given to the registry as it is. */
  | { readonly kind: "bearer"; readonly token: string }
);
