/** What checking needs of the platform. A server gives node:crypto's, a browser takes `webCrypto`. */
export interface ChainCrypto {
  /** 32 bytes. */
  sha256(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
  /** ECDSA over P-256 with SHA-256. `key`: SPKI of 91 bytes; `signature`: r and s, 64 bytes. False, never an exception. */
  verify(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>
}

/** WebCrypto, in browsers and in Node. */
export const webCrypto: ChainCrypto = {
  async sha256(bytes) {
    return new Uint8Array(await crypto.subtle.digest('SHA-256', owned(bytes)))
  },

  async verify(key, bytes, signature) {
    try {
      const curve = { name: 'ECDSA', namedCurve: 'P-256' }
      const imported = await crypto.subtle.importKey('spki', owned(key), curve, false, ['verify'])
      return await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, imported, owned(signature), owned(bytes))
    } catch {
      return false
    }
  },
}

/** WebCrypto takes no views of shared memory. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}
