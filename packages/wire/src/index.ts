/** What server and clients share: ids, codecs, signed texts, key shapes. Isomorphic, no I/O. */
export * from './base64.ts'
export * from './decoded.ts'
export * from './ids.ts'
export * from './json.ts'
export * from './limits.ts'
