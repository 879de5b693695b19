// This server sends no mail: an embedding site knows its people, and administrators can help the others.
import { MeteorError } from '../errors.ts'

export const noMail = new MeteorError('error-email-send-failed', 'SMTP is not configured')
