// Where files are kept in a store that speaks S3: `s3://bucket/prefix?endpoint=https://…&region=…`. Without an endpoint it
// is Amazon's, with the bucket in the host; at an endpoint the bucket stands in the path, as every such store takes it.

export interface S3Place {
  /** Of the bucket, with a slash at its end. */
  readonly url: string
  readonly region: string
  /** Before every name; empty, or with a slash at its end. */
  readonly prefix: string
}

const FORM = /^s3:\/\/([^/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const PREFIX = /^(?:[A-Za-z0-9_-]+\/)*$/
const REGION = /^[a-z0-9-]{1,64}$/
const PARAMETERS = new Set(['endpoint', 'region'])
const REGION_DEFAULT = 'us-east-1'

/** undefined for what names no place. */
export function s3PlaceOf(text: string): S3Place | undefined {
  const [, bucket = '', path = '', query = ''] = FORM.exec(text) ?? []
  const prefix = path.replace(/([^/])$/, '$1/')
  const searchParams = new URLSearchParams(query)
  const region = searchParams.get('region') ?? REGION_DEFAULT
  if (!BUCKET.test(bucket) || !PREFIX.test(prefix) || !REGION.test(region)) return undefined
  const names = [...searchParams.keys()]
  if (new Set(names).size < names.length || names.some(name => !PARAMETERS.has(name))) return undefined
  const endpoint = searchParams.get('endpoint')
  if (endpoint === null) return { url: `https://${bucket}.s3.${region}.amazonaws.com/`, region, prefix }
  return isEndpoint(endpoint) ? { url: `${new URL(endpoint).origin}/${bucket}/`, region, prefix } : undefined
}

/** An address of a server, and nothing behind it. */
function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, pathname, search, hash, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && pathname === '/' && `${search}${hash}${username}${password}` === ''
}
