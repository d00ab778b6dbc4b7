<?php // restock: shown only when a product, or a variation of it, is sold out; works without JavaScript. Put it into the theme's functions.php.
add_action( 'woocommerce_single_product_summary', function () {
	global $product;
	$sold_out = array();
	$all      = $product->is_type( 'variable' ) ? array_filter( array_map( 'wc_get_product', $product->get_children() ) ) : array( $product );
	foreach ( $all as $p ) {
		if ( ! $p->is_in_stock() && $p->get_sku() ) {
			$sold_out[ $p->get_sku() ] = $p->is_type( 'variation' ) ? wc_get_formatted_variation( $p, true, false ) : $p->get_name();
		}
	}
	if ( ! $sold_out ) {
		return;
	}
	?>
	<form action="{{.URL}}/signup" method="post" class="restock">
		<h3>Tell me when it is back</h3>
		<input type="hidden" name="page" value="<?php echo esc_url( get_permalink() ); ?>">
		<input type="hidden" name="language" value="<?php echo esc_attr( get_locale() ); ?>">
		<?php if ( 1 === count( $sold_out ) ) : ?>
			<input type="hidden" name="sku" value="<?php echo esc_attr( array_key_first( $sold_out ) ); ?>">
		<?php else : ?>
			<p><label for="restock-sku">Which one?</label> <select id="restock-sku" name="sku">
			<?php foreach ( $sold_out as $sku => $name ) : ?><option value="<?php echo esc_attr( $sku ); ?>"><?php echo esc_html( $name ); ?></option><?php endforeach; ?>
			</select></p>
		<?php endif; ?>
		{{template "fields" .}}
	</form>
	{{template "style"}}
	<?php
}, 31 );
