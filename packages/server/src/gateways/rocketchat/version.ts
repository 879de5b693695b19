/** The server's version whose behaviour clients should expect (rocketchat.md section 0). */
export const VERSION = '7.13.0'
