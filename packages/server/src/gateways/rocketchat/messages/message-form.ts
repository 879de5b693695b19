// What a client says beside the text of a plain message: shapes, and addresses that its readers' clients open or show.
// Nothing that runs as a script where it is clicked or drawn is taken, by what a browser would make of it.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'

/** What browsers leave out of the name of a scheme. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const LEFT_OUT = /[\u0000-\u0020\u007f-\u009f]/g
const SCHEME = /^([a-z][a-z0-9+.-]*):/i
const SCHEMES: ReadonlySet<string> = new Set([
  'http',
  'https',
  'ftp',
  'ftps',
  'mailto',
  'tel',
  'geo',
  'rocketchat',
  'blob',
])

const isAbsolute = (value: string): boolean =>
  SCHEMES.has(SCHEME.exec(value.replace(LEFT_OUT, ''))?.[1]?.toLowerCase() ?? '')
const isRelative = (value: string): boolean => !SCHEME.test(value.replace(LEFT_OUT, ''))
const isFile = (value: string): boolean => /^\/?file-upload\//.test(value)
const isPicture = (value: string): boolean =>
  /^data:image\/(png|jpe?g|gif|webp|bmp|avif);base64,[A-Za-z0-9+/=\s]*$/.test(value)

const address = z.string().refine(value => isAbsolute(value) || isFile(value))
const picture = z.string().refine(value => isAbsolute(value) || isFile(value) || isPicture(value))
const place = z.string().refine(value => isAbsolute(value) || isRelative(value) || isPicture(value))

const field = z.looseObject({
  short: z.boolean().nullish(),
  title: z.string().nullish(),
  value: z.union([z.string(), z.number(), z.boolean()]).nullish(),
})
const action = z.looseObject({
  type: z.string().nullish(),
  text: z.string().nullish(),
  url: address.nullish(),
  image_url: picture.nullish(),
  is_webview: z.boolean().nullish(),
  webview_height_ratio: z.string().nullish(),
  msg: z.string().nullish(),
  msg_in_chat_window: z.boolean().nullish(),
})
const attachment: z.ZodType = z.looseObject({
  color: z.string().nullish(),
  text: z.string().nullish(),
  ts: z.union([z.string(), z.number(), z.date(), z.looseObject({})]).nullish(),
  thumb_url: picture.nullish(),
  button_alignment: z.string().nullish(),
  actions: z.array(action).nullish(),
  message_link: address.nullish(),
  collapsed: z.boolean().nullish(),
  author_name: z.string().nullish(),
  author_link: address.nullish(),
  author_icon: place.nullish(),
  title: z.string().nullish(),
  title_link: address.nullish(),
  title_link_download: z.boolean().nullish(),
  description: z.string().nullish(),
  image_dimensions: z.looseObject({}).nullish(),
  image_url: picture.nullish(),
  image_preview: z.string().nullish(),
  image_type: z.string().nullish(),
  image_size: z.number().nullish(),
  audio_url: address.nullish(),
  audio_type: z.string().nullish(),
  audio_size: z.number().nullish(),
  video_url: address.nullish(),
  video_type: z.string().nullish(),
  video_size: z.number().nullish(),
  fields: z.array(field).nullish(),
  get attachments() {
    return z.array(attachment).nullish()
  },
})

const form = z.looseObject({
  alias: z.string().nullish(),
  avatar: place.nullish(),
  emoji: z.string().nullish(),
  attachments: z.array(attachment).nullish(),
  tmid: z.string().nullish(),
  tshow: z.boolean().nullish(),
  groupable: z.boolean().nullish(),
  parseUrls: z.boolean().nullish(),
  customFields: z.looseObject({}).nullish(),
  text: z.string().nullish(),
})

const NAMES = Object.keys(form.shape)

/** Why a message is not taken, or null. */
export function checkForm(message: Readonly<Record<string, unknown>>): MeteorError | null {
  // Most messages are a text alone.
  if (!NAMES.some(name => message[name] !== undefined)) return null
  const read = form.safeParse(message)
  if (read.success) return null
  const names = read.error.issues[0]?.path.join('.') ?? ''
  return new MeteorError('error-invalid-params', `Match error: ${names} is malformed`)
}
