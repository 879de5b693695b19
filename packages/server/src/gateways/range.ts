// The part of a file that a request asks for (RFC 9110, section 14): one range of bytes. What is none, or several, asks for
// the whole file, as the RFC lets a server read it.
import type { Part } from '../blobs/blobs.ts'

const RANGE = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/

/** undefined: all of it; `unsatisfiable`: nothing of it lies there. */
export function rangeOf(header: string, bytes: number): Part | 'unsatisfiable' | undefined {
  const [, first, last] = RANGE.exec(header.trim()) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  const from = first === '' ? Math.max(bytes - Number(last), 0) : Number(first)
  const to = first === '' || last === '' ? bytes : Math.min(Number(last) + 1, bytes)
  if (first !== '' && last !== '' && Number(last) < from) return undefined
  return from < to ? { from, to } : 'unsatisfiable'
}
