// Which pages may use this wire: `origins` of the configuration, and pages of the server's own host. What is no browser
// sends no origin.
import type { IncomingHttpHeaders } from 'node:http'

export function originAllowed(origins: readonly string[], headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers
  if (origin === undefined || origins.includes('*') || origins.includes(origin)) return true
  return URL.canParse(origin) && new URL(origin).host === host
}
