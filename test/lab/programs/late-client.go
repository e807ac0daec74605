// late-client ADDRESS LINE: asks, and prints the answer or the error.
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	dialer := net.Dialer{KeepAlive: -1}
	connection, err := dialer.Dial("tcp", os.Args[1]+":7000")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintf(connection, "%s\n", os.Args[2])
	fmt.Println("connected")
	answer := make([]byte, 100)
	length, err := connection.Read(answer)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("answer:", string(answer[:length]))
}
