// The pages that a user sees: HTML without a script. Everything that comes from outside goes through `escaped`.
import { createHash } from 'node:crypto'
import type { Scope } from '../../../identity/scopes.ts'
import { OFFLINE } from '../../../identity/scopes.ts'
import type { Authorization } from './authorization.ts'

/** X's own words for them, with what they mean here. */
export const MEANING: Readonly<Record<Scope | typeof OFFLINE, string>> = {
  'dm.read': 'Read your conversations',
  'dm.write': 'Send messages, manage groups and register keys in your name',
  'users.read': 'See who you are, and other users',
  'tweet.read': 'Read what X calls posts (this server has none)',
  'media.write': 'Upload and download files in your name',
  'like.read': 'See likes (this server has none)',
  'mute.read': 'See whom you have muted',
  'block.read': 'See whom you have blocked',
  [OFFLINE]: 'Stay signed in until you or the app end it',
}

const STYLE = [
  'body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;color:#111;background:#fff}',
  'h1{font-size:1.3rem}label{display:block;margin:.8rem 0 .2rem}',
  'input{font:inherit;width:100%;box-sizing:border-box;padding:.4rem}',
  'button{font:inherit;padding:.5rem 1.2rem;margin:1rem .5rem 0 0}',
  '.wrong{color:#a00}details{margin-top:1rem}code{overflow-wrap:anywhere}',
].join('')

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

export interface Shown {
  readonly authorization: Authorization
  /** Goes back with the form. */
  readonly proof: string
  /** What went wrong before; absent the first time. */
  readonly wrong?: string
  readonly username?: string
}

export function signInPage({ authorization, proof, wrong, username = '' }: Shown): string {
  const { app, redirect, scopes } = authorization
  const list = scopes.map(scope => `<li><code>${escaped(scope)}</code>: ${escaped(MEANING[scope as Scope] ?? '')}</li>`)
  return page(
    `Sign in for ${app.id}`,
    `<h1>The app <code>${escaped(app.id)}</code> asks to act for you</h1>
<p>If you allow it, it may:</p>
<ul>${list.join('')}</ul>
<p>You come back to <code>${escaped(redirect)}</code>.</p>
${wrong === undefined ? '' : `<p class="wrong" role="alert">${escaped(wrong)}</p>`}
<form method="post">
<input type="hidden" name="proof" value="${escaped(proof)}">
<label for="username">User name</label>
<input id="username" name="username" value="${escaped(username)}" autocomplete="username" autocapitalize="none" spellcheck="false">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password">
<details><summary>You have no password here?</summary>
<p>Then the site that you know this chat from gives you a token; it is good here too. What you allow ends with it.</p>
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="off">
</details>
<button name="decision" value="allow">Sign in and allow</button>
<button name="decision" value="deny" formnovalidate>Cancel</button>
</form>`,
  )
}

export function wrongPage(text: string): string {
  return page('Not possible', `<h1>This cannot be done</h1><p>${escaped(text)}</p>`)
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escaped(title)}</title><style>${STYLE}</style></head>
<body>${body}</body></html>
`
}

/** No frame, no script, no address but the form's own and, since browsers follow a form through its redirect, the app's. */
export function pageHeaders(redirect: string | null): Record<string, string> {
  const actions = redirect === null ? "'none'" : `'self' ${sourceOf(redirect)}`
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action ${actions}; frame-ancestors 'none'; base-uri 'none'`,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
  }
}

/** A policy has no form for an IPv6 address or for an app's own scheme with a host. */
function sourceOf(redirect: string): string {
  const { protocol, origin, hostname } = new URL(redirect)
  return /^https?:$/.test(protocol) && !hostname.startsWith('[') ? origin : protocol
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => ESCAPES[character] ?? '')
}
