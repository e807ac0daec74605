'use strict'

const nodemailer = (name) => ({
  package: name,
  server: 'smtp',
  async open({ host, port, tls: secure, ca }) {
    const tls = secure ? { ca } : undefined
    const settings = { host, port, secure, tls, ignoreTLS: true, pool: true }
    const transport = require(name).createTransport(settings)
    const from = 'sender@clients.test'
    return {
      wait: (seconds) =>
        transport.sendMail({ from, to: `wait-${seconds}@clients.test`, text: 'late' }),
    }
  },
})

exports.clients = {
  nodemailer: nodemailer('nodemailer'),
  nodemailer7: nodemailer('nodemailer7'),
  nodemailer6: nodemailer('nodemailer6'),
}
