'use strict'

const amqplib = (name) => ({
  package: name,
  server: 'rabbitmq',
  async open({ host: hostname, port, tls, ca }) {
    const protocol = tls ? 'amqps' : 'amqp'
    const connection = await require(name).connect({ protocol, hostname, port }, { ca })
    const channel = await connection.createChannel()
    // What is too old for one queue goes to the other.
    const { queue } = await channel.assertQueue('', { exclusive: true })
    const delayed = await channel.assertQueue('', {
      exclusive: true,
      deadLetterExchange: '',
      deadLetterRoutingKey: queue,
    })
    return {
      async wait(seconds) {
        const arrived = new Promise((done) => channel.consume(queue, done, { noAck: true }))
        channel.sendToQueue(delayed.queue, Buffer.from('late'), { expiration: seconds * 1000 })
        await arrived
      },
    }
  },
})

exports.clients = {
  amqplib: amqplib('amqplib'),
  amqplib010: amqplib('amqplib010'),
}
