import java.net.Socket;

/** LateClient ADDRESS LINE: asks, and prints the answer or the error. */
public class LateClient {
  public static void main(String[] args) throws Exception {
    Socket socket = new Socket(args[0], 7000);
    socket.getOutputStream().write((args[1] + "\n").getBytes());
    System.out.println("connected");
    try {
      byte[] bytes = new byte[100];
      int length = socket.getInputStream().read(bytes);
      System.out.println("answer: " + new String(bytes, 0, Math.max(0, length)));
    } catch (Exception error) {
      System.out.println(error.getMessage());
    }
  }
}
