/**
 * The module `ssp-toolkit/secure`: identities for secure groups, and the certificates of an authority. A group is secure
 * when it is joined with `secure`, and on a mailbox of the SSP calls that is opened with it. Experimental: nobody outside the project has reviewed it.
 * @module
 */
export { generateIdentity, importIdentity, importPublicKey, publicKeyText } from './identity.js';
export type { Identity, PublicKeyInput } from './identity.js';
export { issueCertificate } from './authorize.js';
export type {
  AllowedMember,
  Authorize,
  AuthorizeOptions,
  AuthorizeRequest,
  CertificateOptions,
} from './authorize.js';
export type { SecureMemberOptions } from './options.js';
