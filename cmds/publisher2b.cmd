# The other of two publishers: see publisher2.cmd.
1.2 pub #orders.asia.new order 1 from Asia
0.4 pub #orders.asia.new order 2 from Asia
0.4 pub #orders.asia.cancelled.late order 2 from Asia was not wanted
